/** What runs on the nodes for 16-mandelbrot.ts. */
import { defineTask } from '@pstar/core';

/** A square of the picture, in pixels from its upper left corner. */
export interface Tile {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** How many pixels the picture is wide and high. */
  readonly picture: number;
}

/** How fast each of its points escapes, row by row: 0 for those that never do. */
export interface Escapes {
  readonly tile: Tile;
  readonly steps: Uint8Array;
  /** Who has computed it. */
  readonly pilotJob: string;
}

const MOST_STEPS = 255;

/** One call for each tile. */
export const render = defineTask(
  import.meta.url,
  'render',
  (tile: Tile, { pilotJob }): Escapes => ({ tile, pilotJob, steps: escapesIn(tile) }),
);

/** The steps that each point of a tile takes. */
export function escapesIn({ x, y, size, picture }: Tile): Uint8Array {
  const steps = new Uint8Array(size * size);
  for (let i = 0; i < steps.length; i++) {
    const real = ((x + (i % size)) / picture) * 3 - 2.2;
    const imaginary = ((y + Math.floor(i / size)) / picture) * 3 - 1.5;
    steps[i] = stepsUntilGone(real, imaginary);
  }
  return steps;
}

function stepsUntilGone(real: number, imaginary: number): number {
  let [a, b] = [0, 0];
  for (let step = 1; step < MOST_STEPS; step++) {
    [a, b] = [a * a - b * b + real, 2 * a * b + imaginary];
    if (a * a + b * b > 4) return step;
  }
  return 0;
}

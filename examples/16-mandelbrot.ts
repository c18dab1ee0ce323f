/**
 * A picture that is computed by several pilots, in tiles as they come: each tile is coloured by the
 * pilot that computed it, so that one can see who has done what.
 *
 *     npx tsx --conditions=@pstar/source examples/16-mandelbrot.ts [FILE.png]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { type Escapes, escapesIn, render, type Tile } from './functions/mandelbrot.ts';
import { check } from './lib/check.ts';
import { png } from './lib/png.ts';

const PICTURE = 1024;
const TILE = 64;
/** Red, green and blue of each pilot at its brightest. */
const COLOURS = [
  [255, 150, 40],
  [60, 140, 255],
  [80, 220, 120],
] as const;

const file = resolve(process.argv[2] ?? 'mandelbrot.png');

const tiles: Tile[] = [];
for (let y = 0; y < PICTURE; y += TILE) {
  for (let x = 0; x < PICTURE; x += TILE) tiles.push({ x, y, size: TILE, picture: PICTURE });
}

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
// Any resource managers do as well: pilots on clusters join in when they come.
const crew = await Promise.all(COLOURS.map(() => pilots.create('local://', { totalCpuCount: 1 })));

const pixels = new Uint8Array(3 * PICTURE * PICTURE);
const shares = new Map(crew.map(({ id }) => [id, 0]));
for await (const { value } of work.map(render, tiles, { batch: 1 }).unordered()) {
  paint(value);
  shares.set(value.pilotJob, (shares.get(value.pilotJob) ?? 0) + 1);
}
await mkdir(dirname(file), { recursive: true });
await writeFile(file, png(PICTURE, PICTURE, pixels));
console.log(`${file}: ${tiles.length} tiles`);
for (const [pilot, share] of shares) console.log(`${share} of them by ${pilot}`);

check([...shares.values()].reduce((all, one) => all + one) === tiles.length, 'tiles are missing');
check(shares.size === crew.length, 'somebody else has computed a tile');
for (const tile of tiles.slice(tiles.length / 2, tiles.length / 2 + 8)) {
  const steps = escapesIn(tile);
  for (let i = 0; i < steps.length; i++) {
    const at = (tile.y + Math.floor(i / TILE)) * PICTURE + tile.x + (i % TILE);
    const isDark = pixels.subarray(3 * at, 3 * at + 3).every((part) => part === 0);
    check(isDark === (steps[i] === 0), `the tile at ${tile.x}, ${tile.y} is wrong`);
  }
}

function paint({ tile, steps, pilotJob }: Escapes): void {
  const colour = COLOURS[crew.findIndex(({ id }) => id === pilotJob)] ?? [255, 255, 255];
  for (let i = 0; i < steps.length; i++) {
    const at = (tile.y + Math.floor(i / TILE)) * PICTURE + tile.x + (i % TILE);
    // The first steps make most of the difference.
    const bright =
      steps[i] === 0 ? 0 : 0.15 + 0.85 * Math.min(1, Math.log2(steps[i] as number) / 6);
    for (const [part, most] of colour.entries()) pixels[3 * at + part] = Math.round(most * bright);
  }
}

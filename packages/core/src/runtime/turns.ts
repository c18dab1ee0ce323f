/** Long work on the event loop, in steps, between which others get their turn. */
import { type Clock, systemClock } from './clock.ts';

/** After so long it is their turn; a step that is under way then is gone through with. */
const SLICE_MS = 8;

/** Stands among items for a step on the way to the next. */
export const STEP = Symbol('a step on the way to the next');

/** Says when it is others' turn, and lets them have it. */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #began: number;

  constructor(clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  /** To be asked after each step. */
  get isDue(): boolean {
    return this.#clock.monotonic() - this.#began >= SLICE_MS;
  }

  /** Resolves when all that had come meanwhile has been seen to. */
  async take(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#began = this.#clock.monotonic();
  }
}

/** Goes through steps to their end, and resolves with what they return. */
export async function inTurns<T>(
  steps: Iterator<unknown, T>,
  clock?: Pick<Clock, 'monotonic'>,
): Promise<T> {
  const turns = new Turns(clock);
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return value;
    if (turns.isDue) await turns.take();
  }
}

/**
 * Kills what is left of launches whose first process is over. To look at all processes takes long
 * where there are many, so one look serves all launches that end at that time.
 */
import type { Clock } from '../runtime/clock.ts';
import { ProcessLook, type ProcessStat, signalProcess } from './local-process.ts';

/** Between two looks at processes that are about to end, or to begin a program. */
const LOOK_AGAIN_MS = 20;
/** No program takes that long to begin, but one from a file server that does not answer. */
const BEGINS_WITHIN_MS = 5_000;

/** Finds, and ends, launches by a variable that all processes of one have. */
export class Sweeper {
  readonly #variable: string;
  readonly #clock: Clock;
  /** Who waits for a launch to be swept, by its name. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #sweeping = false;

  constructor(variable: string, clock: Clock) {
    this.#variable = variable;
    this.#clock = clock;
  }

  /** Settles when nothing of a launch is left. */
  sweep(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve]);
      if (!this.#sweeping) void this.#sweepAll();
    });
  }

  /** All processes of some launches, by name, the oldest first; once it can be told of each. */
  async find(names: Iterable<string>): Promise<ReadonlyMap<string, readonly ProcessStat[]>> {
    const look = new ProcessLook(this.#variable, names);
    const deadline = this.#clock.monotonic() + BEGINS_WITHIN_MS;
    while (!look.isClear && this.#clock.monotonic() < deadline) {
      await this.lookAgain();
      look.again();
    }
    return look.found();
  }

  /** Kills all that is seen of some launches at this moment. */
  kill(names: Iterable<string>): void {
    killAll(new ProcessLook(this.#variable, names).found());
  }

  /** After a short while. */
  lookAgain(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(LOOK_AGAIN_MS, resolve));
  }

  /** A process may start others until it is dead: hence the loop. */
  async #sweepAll(): Promise<void> {
    this.#sweeping = true;
    // So that ends that are seen at the same time are swept together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.size > 0) {
      const asked = [...this.#waiting.keys()];
      const left = await this.find(asked);
      killAll(left);
      for (const name of asked.filter((each) => !left.has(each))) {
        // Also those that have asked meanwhile.
        const resolves = this.#waiting.get(name) ?? [];
        this.#waiting.delete(name);
        for (const resolve of resolves) resolve();
      }
      if (this.#waiting.size > 0) await this.lookAgain();
    }
    this.#sweeping = false;
  }
}

function killAll(found: ReadonlyMap<string, readonly ProcessStat[]>): void {
  for (const process_ of [...found.values()].flat()) signalProcess(process_, 'SIGKILL');
}

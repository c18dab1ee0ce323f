/**
 * Kills what is left of launches whose first process is over. To look at all processes takes long
 * where there are many, so one look serves all launches that end at that time.
 */
import type { Clock } from '../runtime/clock.ts';
import { processesWithAny, signalProcess } from './local-process.ts';

/** Between two looks at processes that are about to end. */
const LOOK_AGAIN_MS = 20;

/** Ends launches by a variable that all processes of one have. */
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

  /** Kills all that there is of some launches at this moment. */
  kill(names: Iterable<string>): ReadonlySet<string> {
    const left = processesWithAny(this.#variable, names);
    for (const process_ of [...left.values()].flat()) signalProcess(process_, 'SIGKILL');
    return new Set(left.keys());
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
      const asked = [...this.#waiting];
      const left = this.kill(asked.map(([name]) => name));
      for (const [name, resolves] of asked.filter(([each]) => !left.has(each))) {
        this.#waiting.delete(name);
        for (const resolve of resolves) resolve();
      }
      if (this.#waiting.size > 0) await this.lookAgain();
    }
    this.#sweeping = false;
  }
}

/**
 * The runs of an agent, by key, in a table of a fixed size. A Map whose few entries come and go is rebuilt
 * all the time, and each of its old tables keeps the next one alive once the collector has found it old:
 * three such Maps cost a null agent 130 bytes of copying a unit, and a fifth of its time.
 */
import { assert } from '../model/assert.ts';
import type { Run } from './service-work.ts';

/**
 * The runs that hold slots. Each holds at least one core, so there are never more of them than cores. Units
 * whose files travel got their keys earlier, below 0; their runs are kept apart.
 */
export class RunTable {
  readonly #runs: (Run | undefined)[];
  /** By the row: the key of its next run. All keys of a row leave the same remainder. */
  readonly #keys: number[];
  readonly #free: number[];
  readonly #apart = new Map<number, Run>();

  constructor(cores: number) {
    this.#runs = new Array<Run | undefined>(cores).fill(undefined);
    this.#keys = this.#runs.map((_, row) => 1 + row);
    this.#free = this.#runs.map((_, row) => row).reverse();
  }

  get size(): number {
    return this.#runs.length - this.#free.length + this.#apart.size;
  }

  /** The key for the run that is added next; no other has ever had it. */
  get nextKey(): number {
    const row = this.#free.at(-1);
    assert(row !== undefined, 'more runs than cores');
    return this.#keys[row] as number;
  }

  add(run: Run): void {
    if (run.key < 0) {
      this.#apart.set(run.key, run);
      return;
    }
    assert(run.key === this.nextKey, `run ${run.key} came out of turn`);
    this.#runs[this.#free.pop() as number] = run;
  }

  of(key: number): Run | undefined {
    if (key < 0) return this.#apart.get(key);
    const run = this.#runs[(key - 1) % this.#runs.length];
    return run?.key === key ? run : undefined;
  }

  remove({ key }: Run): void {
    if (key < 0) {
      this.#apart.delete(key);
      return;
    }
    const row = (key - 1) % this.#runs.length;
    this.#runs[row] = undefined;
    this.#keys[row] = key + this.#runs.length;
    this.#free.push(row);
  }

  /** Those of one service, mostly the oldest first. */
  ofService(service: Run['service']): Run[] {
    const runs = this.#runs.filter((run) => run?.service === service) as Run[];
    const apart = [...this.#apart.values()].filter((run) => run.service === service);
    return [...runs.sort((a, b) => a.key - b.key), ...apart];
  }

  /** The present one of a unit. */
  ofUnit(service: Run['service'], unit: number): Run | undefined {
    const found = this.#runs.find((run) => run?.unit === unit && run.service === service);
    if (found !== undefined || this.#apart.size === 0) return found;
    return [...this.#apart.values()].find((run) => run.unit === unit && run.service === service);
  }
}

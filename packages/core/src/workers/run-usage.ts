/** What the calls of a run have used, over all the workers that it had. */

/** Microseconds of processor time, and KiB. */
type Usage = readonly [user: number, system: number, maxRss: number];

const NONE: Usage = [0, 0, 0];

/** Adds it up. */
export class RunUsage {
  #userTime = 0;
  #systemTime = 0;
  #maxRss = 0;
  #present = NONE;

  /** Of the present worker, since the run has it. */
  set present(usage: Usage) {
    this.#present = usage;
  }

  /** The run has that worker no longer. */
  leave(): void {
    const [user, system, maxRss] = this.#present;
    this.#present = NONE;
    this.#userTime += user / 1e6;
    this.#systemTime += system / 1e6;
    this.#maxRss = Math.max(this.#maxRss, maxRss);
  }

  /** Seconds and KiB, of the workers that it has left. */
  get total(): { readonly userTime: number; readonly systemTime: number; readonly maxRss: number } {
    return { userTime: this.#userTime, systemTime: this.#systemTime, maxRss: this.#maxRss };
  }
}

/** Looks whether cores are free at one agent while units that would fit there wait at another. */

interface Watched {
  readonly freeCores: number;
  readonly waiting: ReadonlyMap<number, number>;
}

export class IdleWatch {
  /** Core-milliseconds. */
  strandedMs = 0;
  longestStrandedMs = 0;
  readonly #agents: readonly Watched[];
  readonly #since: number[];

  constructor(agents: readonly Watched[]) {
    this.#agents = agents;
    this.#since = agents.map(() => 0);
  }

  /** So much time goes by in which nothing changes. */
  passed(ms: number): void {
    if (ms === 0) return;
    for (const [i, agent] of this.#agents.entries()) {
      const stranded = this.#stranded(agent);
      this.strandedMs += stranded * ms;
      const since = stranded === 0 ? 0 : (this.#since[i] as number) + ms;
      this.#since[i] = since;
      this.longestStrandedMs = Math.max(this.longestStrandedMs, since);
    }
  }

  /** How many of its free cores others' units could have. */
  #stranded(idle: Watched): number {
    if (idle.freeCores === 0) return 0;
    let cores = 0;
    for (const holder of this.#agents) {
      if (holder === idle) continue;
      for (const [width, count] of holder.waiting) {
        if (width <= idle.freeCores) cores += width * count;
      }
    }
    return Math.min(cores, idle.freeCores);
  }
}

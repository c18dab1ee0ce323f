/** Says to somebody who waits what nobody will run unless something is done about it: units, and those of maps. */
import type { ExplainContext } from '../manager/explain-parts.ts';
import { whyNever } from '../manager/pending-explain.ts';
import { NONE } from '../manager/unit-table.ts';
import { unitId } from '../model/ids.ts';
import { isFinalPilotJobState } from '../model/pilot-job-state.ts';
import type { PilotJob } from './pilot-job.ts';
import { summaryOf } from './pilot-source.ts';
import type { WorkCore } from './work-core.ts';

/** What is looked at. */
export interface StalledWorkSource {
  readonly core: Pick<WorkCore, 'id' | 'clock' | 'log' | 'manager' | 'visible'>;
  pilotJobs(): readonly PilotJob[];
}

/** Warns in the log. */
export class StalledWork {
  readonly #source: StalledWorkSource;
  /** Request classes that it was said of, while it is so. */
  #told: ReadonlySet<number> = new Set();

  constructor(source: StalledWorkSource) {
    this.#source = source;
  }

  /** Called every now and then while somebody waits. */
  look(): void {
    const { core } = this.#source;
    const left = core.visible.size - core.visible.finished;
    if (left === 0) return;
    const pilots = this.#source.pilotJobs();
    if (pilots.some(({ state }) => !isFinalPilotJobState(state))) {
      this.#lookForTooLarge(pilots);
      return;
    }
    core.log.warn(
      { service: core.id },
      `${left} units wait, and there is no pilot to run them: create one`,
    );
  }

  /** Of those that ask for the same one stands for all. */
  #lookForTooLarge(pilots: readonly PilotJob[]): void {
    const { id: service, clock, log, manager } = this.#source.core;
    const { state } = manager;
    const idOf = (unit: number): string => unitId(service, unit);
    const context: ExplainContext = { now: clock.now(), pilots: pilots.map(summaryOf), idOf };
    const told = new Set<number>();
    for (const { id, pending, oldest } of state.templates.classes) {
      const reason = oldest === NONE ? undefined : whyNever(state, oldest, context);
      if (reason === undefined) continue;
      told.add(id);
      if (this.#told.has(id)) continue;
      const unit = idOf(oldest);
      const { name = unit } = state.template(oldest).description;
      const others = pending > 1 ? `, and ${pending - 1} more like it,` : '';
      const help = reason.wouldHelp?.[0] ?? 'create another pilot';
      log.warn(
        { service, unit },
        `${name}${others} can run on no pilot: ${reason.summary}: ${help}`,
      );
    }
    this.#told = told;
  }
}

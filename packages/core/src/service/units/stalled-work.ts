/** Says to somebody who waits what nobody will run unless something is done about it: units, and those of maps. */
import { counted, type ExplainContext, leftBehind } from '../../manager/explain-parts.ts';
import { whyNever } from '../../manager/pending-explain.ts';
import type { AgentPlace } from '../../manager/places.ts';
import { NONE } from '../../manager/unit-page.ts';
import { unitId } from '../../model/ids.ts';
import { isFinalPilotJobState } from '../../model/pilot-job-state.ts';
import type { PilotJob } from '../base/pilot-job.ts';
import { summaryOf } from './pilot-summary.ts';
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
  /** It was said that there is no pilot, while it is so. */
  #toldOfNone = false;
  /** Left behind, and said so. */
  readonly #toldOf = new Set<AgentPlace>();

  constructor(source: StalledWorkSource) {
    this.#source = source;
  }

  /** Called every now and then while somebody waits. */
  look(): void {
    const { core } = this.#source;
    const open = core.visible.size - core.visible.finished;
    if (open === 0) return;
    const pilots = this.#source.pilotJobs();
    const left = open - this.#lookForLeftBehind() - this.#lookForExcluded(pilots);
    const hasNone = left > 0 && pilots.every(({ state }) => isFinalPilotJobState(state));
    const isTold = this.#toldOfNone;
    this.#toldOfNone = hasNone;
    if (!hasNone || isTold) return;
    const who = left === 1 ? '1 unit waits' : `${left} units wait`;
    const them = left === 1 ? 'it' : 'them';
    core.log.warn({ service: core.id }, `${who}, and there is no pilot to run ${them}: create one`);
  }

  /** What agents of an earlier life have, and nobody has opened the service of their pilot. */
  #lookForLeftBehind(): number {
    const { id: service, log, manager } = this.#source.core;
    let units = 0;
    for (const place of manager.state.places.all) {
      if (!place.isLeftBehind || place.boundCount === 0) continue;
      units += place.boundCount;
      if (this.#toldOf.has(place)) continue;
      this.#toldOf.add(place);
      const are = `${counted(place.boundCount, 'unit')} ${place.boundCount === 1 ? 'is' : 'are'}`;
      log.warn({ service, pilot: place.pilotId }, `${are} ${leftBehind(place).summary}`);
    }
    return units;
  }

  /** What no pilot can take. Of those that ask for the same one stands for all. */
  #lookForExcluded(pilots: readonly PilotJob[]): number {
    const { id: service, clock, log, manager } = this.#source.core;
    const { state } = manager;
    const idOf = (unit: number): string => unitId(service, unit);
    const context: ExplainContext = { now: clock.now(), pilots: pilots.map(summaryOf), idOf };
    const told = new Set<number>();
    let units = 0;
    for (const { id, pending, oldest } of state.templates.classes) {
      const reason = oldest === NONE ? undefined : whyNever(state, oldest, context);
      if (reason === undefined) continue;
      told.add(id);
      units += pending;
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
    return units;
  }
}

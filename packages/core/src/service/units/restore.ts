/** What a journal says of an earlier life of a service, taken in beside everything else on the event loop. */
import type { WorkPart } from '../../manager/work-dump.ts';
import type { WorkEvent } from '../../manager/work-events.ts';
import { inTurns, STEP } from '../../runtime/turns.ts';
import type { WorkCore } from './work-core.ts';

/** As the journal was opened: a state, and what came after it. */
export interface EarlierLife {
  readonly snapshot?: Iterable<unknown>;
  readonly inSteps: Iterable<unknown>;
}

/** The part of a core that is restored. */
type Restored = Pick<WorkCore, 'manager' | 'restored' | 'clock'>;

/** To be called before anything else; resolves when all can be seen. */
export async function restoreUnits(core: Restored, life: EarlierLife): Promise<void> {
  await inTurns(takeIn(core, life), core.clock);
  core.restored();
}

/** A step for each part and each record. */
function* takeIn({ manager }: Restored, { snapshot, inSteps }: EarlierLife): Generator<void> {
  if (snapshot !== undefined) yield* manager.restoreInTurn(snapshot as Iterable<WorkPart>);
  for (const record of inSteps) {
    if (record !== STEP) manager.replay(record as WorkEvent);
    yield;
  }
}

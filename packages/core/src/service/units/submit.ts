/**
 * One submit: descriptions in, durable units out, all of them or none.
 */
import { resolve } from 'node:path';
import { Intake } from '../../manager/intake.ts';
import type { TemplateIndex } from '../../manager/template-index.ts';
import { DescriptionError } from '../../model/errors.ts';
import type { WorkUnitDescription } from '../../model/work-unit-description.ts';
import { throwIfAborted } from '../../runtime/abort.ts';
import { whyOver } from './over-pilot.ts';
import { SingleCalls } from './single-calls.ts';
import type { WorkCore } from './work-core.ts';

/** How many descriptions are taken in before others on the event loop get their turn. */
const SLICE = 2048;
/** What a unit's record takes at the most beside its own JSON and edges: template, framing. */
const ROW_BYTES = 16;

/** The part of the journal that a submit needs. */
export interface SubmitJournal {
  reserve(bytes: number): Promise<void>;
  encodeAhead(record: object): void;
}

/** How a submit lets others have their turn; simulations have another way, and their parts are small. */
export interface SubmitPace {
  readonly partRows?: number;
  turn(): Promise<void>;
}

const PACE: SubmitPace = { turn: () => new Promise((resolve) => setImmediate(resolve)) };

/**
 * Checks, journals and hands over; resolves with the number of the first unit.
 *
 * @throws DescriptionError, or PilotError `STORE_FULL`, `ABORTED` or `WRONG_STATE`, or why a module does not travel; then
 *   nothing at all was submitted.
 */
export async function submitAll(
  core: WorkCore,
  index: TemplateIndex,
  journal: SubmitJournal,
  descriptions: Iterable<WorkUnitDescription>,
  signal: AbortSignal | undefined,
  { partRows, turn }: SubmitPace = PACE,
): Promise<{ first: number; count: number }> {
  const intake = new Intake(index, core.manager.state, core.id, {
    partRows,
    resolve: resolveHere,
  });
  const calls = new SingleCalls(core);
  try {
    await takeIn(core, [intake, calls], descriptions, turn, signal);
    if (intake.count === 0) return { first: core.visible.size, count: 0 };
    for (const id of intake.pilotJobs) {
      const over = whyOver(id, core.pilotJob);
      if (over !== undefined) throw over;
    }
    // Templates may be new, with descriptions of some kilobytes; own parts are counted as they are.
    await journal.reserve(intake.count * ROW_BYTES + intake.bytes);
    throwIfAborted(signal, 'submit');
    for (const part of intake.parts()) {
      journal.encodeAhead(part);
      await turn();
      throwIfAborted(signal, 'submit');
    }
    const submission = intake.finish();
    const { first = 0 } = core.dispatch({ type: 'submit', now: core.clock.now(), submission });
    calls.accepted(first);
    await core.conductor.settled();
    return { first, count: submission.count };
  } catch (error) {
    calls.drop();
    core.manager.state.units.dropPrepared();
    throw error;
  }
}

/** Slice by slice, and with them the memory that the units will need: the manager enters all at once. */
async function takeIn(
  core: WorkCore,
  [intake, calls]: readonly [Intake, SingleCalls],
  descriptions: Iterable<WorkUnitDescription>,
  turn: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { manager, visible } = core;
  for (const description of descriptions) {
    if (description?.module === undefined) intake.add(description);
    else await addCall(intake, calls, description);
    if (intake.count % SLICE !== 0) continue;
    const { units, dependencies } = manager.state;
    units.prepare(intake.count);
    if (intake.edges > 0) dependencies.prepare(units.size + intake.count, intake.edges);
    visible.prepare(intake.count);
    await turn();
    throwIfAborted(signal, 'submit');
  }
}

/** A function's code and arguments become durable before its unit does. */
async function addCall(
  intake: Intake,
  calls: SingleCalls,
  described: WorkUnitDescription,
): Promise<void> {
  try {
    const prepared = calls.prepare(described);
    const { description, call } = prepared instanceof Promise ? await prepared : prepared;
    calls.added(intake.count);
    intake.add(description, call);
  } catch (error) {
    throw error instanceof DescriptionError ? error.at(intake.count) : error;
  }
}

/** What a name stands for in the directory that this program is in now; a `/` at its end has a meaning. */
function resolveHere(name: string): string {
  const path = resolve(name);
  return name.endsWith('/') && path !== '/' ? `${path}/` : path;
}

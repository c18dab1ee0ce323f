import { expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { WorkEvent, WorkInput } from '../../src/manager/work-events.ts';
import { assertWorkInvariants } from '../../src/manager/work-invariants.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { NODE } from '../support/work-world.ts';

const MANY = 3_000;

/** As many of each description, in one submit. */
function submission(manager: WorkManager, descriptions: WorkUnitDescription[]): WorkInput {
  const intake = new Intake(new TemplateIndex(manager.state), manager.state, 'work');
  for (const description of descriptions) {
    for (let i = 0; i < MANY; i++) intake.add(description);
  }
  return { type: 'submit', now: 1, submission: intake.finish() };
}

it('very many units of one submit that are all alike are bound in order, and replayed as they were', () => {
  const manager = new WorkManager(schedulerOf('fifo'));
  const journal: WorkEvent[] = [];
  const handle = (input: WorkInput) => {
    const step = manager.handle(input);
    journal.push(...structuredClone(step.events));
    assertWorkInvariants(manager.state);
    return step;
  };
  const other = { executable: 'other', group: 'g', priority: 1 };
  handle(
    submission(manager, [{ executable: 'true' }, other, { executable: 'later', startTime: 9 }]),
  );
  handle(submission(manager, [{ executable: 'true' }]));
  const place = { agentId: 'a', pilotId: 'a', node: NODE };
  handle({ type: 'agent-joined', now: 2, place, endsAt: undefined, held: undefined });
  expect(manager.state.boundTo(manager.state.places.at(0))[0]).toBe(MANY);
  expect(manager.state.dependencies.group('g')?.unfinished).toBe(MANY);
  const all = Array.from({ length: 2 * MANY }, (_, unit) => unit);
  handle({ type: 'cancel', now: 3, units: all.slice(0, MANY + 10), why: 'no need' });
  handle({ type: 'time', now: 10_000 });
  expect(manager.state.parked.dump()).toEqual([]);

  const twin = new WorkManager(schedulerOf('fifo'));
  for (const event of journal) twin.replay(event);
  expect(twin.dump()).toEqual(manager.dump());
  expect([...twin.dumpInTurn()]).toEqual(manager.dump());
});

import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { WorkStep } from '../../src/manager/work-events.ts';
import { assertWorkInvariants } from '../../src/manager/work-invariants.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { endedRows } from '../support/rows.ts';
import { NODE } from '../support/work-world.ts';

/** A manager after so many units have ended one by one, and which ones are bound then. */
function after(ends: number): { manager: WorkManager; bound: number[] } {
  const manager = new WorkManager(schedulerOf('backfill'));
  const intake = new Intake(new TemplateIndex(manager.state), manager.state, 'work');
  for (let i = 0; i < 2000; i++) intake.add({ executable: 'true' });
  manager.handle({ type: 'submit', now: 0, submission: intake.finish() });
  const place = { agentId: 'a', pilotId: 'a', node: NODE };
  const join = { type: 'agent-joined', now: 0, place, endsAt: undefined, held: undefined } as const;
  const bound = startedBy(manager.handle(join));
  for (let seq = 1; seq <= ends; seq++) {
    // Long ones: few are held ahead.
    const ended = endedRows([{ unit: bound.shift() as number, attempt: 1, finishedAt: 60_000 }]);
    bound.push(...startedBy(manager.handle({ type: 'report', now: 0, agentId: 'a', seq, ended })));
  }
  return { manager, bound };
}

function startedBy({ effects }: WorkStep): number[] {
  return effects.flatMap((effect) =>
    effect.type === 'start' ? effect.runs.flatMap(({ units }) => [...units]) : [],
  );
}

describe('the list of what a place has', () => {
  it('loses nobody when it is tidied up, which is after some thousand units', () => {
    for (let ends = 1000; ends < 1060; ends++) {
      const { manager, bound } = after(ends);
      expect(manager.state.boundTo(manager.state.places.at(0))).toEqual(bound);
      assertWorkInvariants(manager.state);
    }
  });
});

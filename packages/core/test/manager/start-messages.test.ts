import { expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { NODE } from '../support/work-world.ts';

/** What an agent is sent of units beside their template. */
function sentOwn(descriptions: readonly WorkUnitDescription[]) {
  const manager = new WorkManager(schedulerOf('fifo'));
  const intake = new Intake(new TemplateIndex(manager.state), manager.state, 'work');
  for (const description of descriptions) intake.add(description);
  manager.handle({ type: 'submit', now: 1, submission: intake.finish() });
  const place = { agentId: 'a', pilotId: 'p', node: NODE };
  const { effects } = manager.handle({
    type: 'agent-joined',
    now: 2,
    place,
    endsAt: undefined,
    held: undefined,
  });
  return effects.flatMap((effect) => (effect.type === 'start' ? effect.runs : [])).at(0)?.own;
}

it('agents get no names, and all else that units have of their own', () => {
  const executable = 'true';
  expect(sentOwn([{ executable }, { executable, name: 'a' }])).toBeUndefined();
  expect(
    sentOwn([
      { executable, name: 'a' },
      { executable, name: 'b', input: 'in' },
      { executable, name: '","input":"' },
      { executable, arguments: ['name'] },
    ]),
  ).toEqual([
    null,
    JSON.stringify({ name: 'b', input: 'in' }),
    // Not taken apart for its name: it has a quote.
    JSON.stringify({ name: '","input":"' }),
    JSON.stringify({ arguments: ['name'], name: null }),
  ]);
});

it('agents are told which files travel, and not what they are called here', () => {
  const executable = 'true';
  const fileTransfer = ['/secret/a > in', '/secret/b < out', '/secret/c >> in'];
  const own = sentOwn([
    { executable },
    { executable, name: 'n', fileTransfer },
    { executable, fileTransfer: ['/secret/a > in'] },
  ]);
  expect(own).toEqual([
    null,
    JSON.stringify({
      inputs: [
        { item: 0, name: 'in' },
        { item: 2, name: 'in', append: true },
      ],
      outputs: [{ item: 1, name: 'out' }],
      name: 'n',
    }),
    JSON.stringify({ inputs: [{ item: 0, name: 'in' }], outputs: null }),
  ]);
  const none = sentOwn([{ executable, fileTransfer }, { executable }]);
  expect(none).toEqual([null, JSON.stringify({ inputs: null, outputs: null })]);
  expect(
    sentOwn([
      { executable, fileTransfer },
      { executable, fileTransfer },
    ]),
  ).toBeUndefined();
});

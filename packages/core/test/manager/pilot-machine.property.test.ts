import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NativeReport } from '../../src/manager/pilot-events.ts';
import { PilotMachine } from '../../src/manager/pilot-machine.ts';
import type { PilotError } from '../../src/model/errors.ts';
import type { EndReason } from '../../src/protocol/messages.ts';
import { node, PilotWorld, plan } from './pilot-world.ts';

it('a pilot machine holds its invariants, its table and its replay whatever comes', () => {
  const pilot = fc.constantFrom('p', 'q');
  const agent = fc.constantFrom('a', 'b');
  const round = fc.constantFrom(1, 1, 2);
  const id = fc.constantFrom('17', '17', '18');
  const nativeState = fc.constantFrom<NativeReport['state']>(
    ...(['Pending', 'Running', 'Running', 'Suspended', 'Done', 'Canceled'] as const),
    ...(['Failed', 'Unknown'] as const),
  );
  const reason = fc.constantFrom<EndReason>('ordered', 'idle', 'signal', 'lease', 'failed');
  const input = fc.oneof(
    fc.record({ type: fc.constant('accepted' as const), pilot, round, nativeId: id }),
    fc.record({ type: fc.constant('accepted' as const), pilot, round, nativeId: id }),
    fc.record({
      type: fc.constant('refused' as const),
      pilot,
      round,
      problem: fc.constant('no'),
    }),
    fc.record({
      type: fc.constant('native' as const),
      pilot,
      report: fc.record({ id, state: nativeState, detail: fc.constantFrom('x', 'y') }),
    }),
    fc.record({ type: fc.constant('native-forgotten' as const), pilot, nativeId: id }),
    fc.record({
      type: fc.constant('agent-connected' as const),
      pilot,
      agent,
      node: fc.constant(node),
    }),
    fc.record({
      type: fc.constant('agent-silent' as const),
      pilot,
      agent,
      why: fc.constant('w'),
    }),
    fc.record({ type: fc.constant('agent-bye' as const), pilot, agent, reason }),
    fc.record({ type: fc.constant('agent-killed' as const), pilot, agent }),
    fc.record({ type: fc.constant('cancel' as const), pilot }),
    fc.record({ type: fc.constant('reinitialize' as const), pilot, plan: fc.constant(plan) }),
    fc.record({ type: fc.constant('registration-due' as const), pilot, round }),
    fc.record({ type: fc.constant('grace-due' as const), pilot, round }),
    fc.record({
      type: fc.constant('fence-due' as const),
      pilot,
      agent,
      silence: fc.constantFrom(1, 2),
      certain: fc.boolean(),
    }),
    fc.record({ type: fc.constant('reopened' as const) }),
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
      const tried = new PilotWorld();
      for (const pilot of ['p', 'q']) tried.tell({ type: 'create', pilot, plan });
      for (const each of inputs) {
        try {
          tried.tell(each);
        } catch (error) {
          if ((error as PilotError).code !== 'WRONG_STATE') throw error;
        }
      }
      const half = Math.floor(tried.events.length / 2);
      const early = PilotMachine.replay(tried.events.slice(0, half));
      const late = PilotMachine.replay(tried.events.slice(half), structuredClone(early.dump()));
      expect(late.dump()).toEqual(tried.machine.dump());
    }),
    { numRuns: 500 },
  );
});

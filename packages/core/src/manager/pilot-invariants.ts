/** What holds after every step of the pilot machine; for tests and the simulator. */
import { assert } from '../model/assert.ts';
import { isFinalPilotJobState } from '../model/pilot-job-state.ts';
import { conclude } from './pilot-conclusion.ts';
import type { PilotMachine } from './pilot-machine.ts';
import type { PilotRecord } from './pilot-record.ts';

/** Fails on the first thing that does not fit together. */
export function assertPilotInvariants(machine: PilotMachine): void {
  for (const pilot of machine.pilots.values()) assertFits(pilot);
}

function assertFits(pilot: Readonly<PilotRecord>): void {
  const { id, state, detail, native, ending, round } = pilot;
  const concluded = conclude(pilot);
  assert(concluded.state === state, `${id} is ${state}, and should be ${concluded.state}`);
  assert(concluded.detail === detail, `${id}: ${detail}; and should be: ${concluded.detail}`);
  const final = isFinalPilotJobState(state);
  const over = native.phase === 'over';
  assert(!over || final, `${id} is ${state} without a native job`);
  assert(
    !final || over || ending?.why === 'failed',
    `${id} is ${state} while its native job lives`,
  );
  assert(state !== 'New' || native.phase === 'submitting', `${id} is New and accepted`);
  for (const agent of pilot.agents.values()) {
    const gone = agent.at.link === 'gone';
    assert(gone || agent.round === round, `${agent.id} has outlived its round`);
    const fenced = agent.at.link === 'silent' && ending?.why === 'failed';
    assert(gone || !final || fenced, `${agent.id} has outlived its pilot`);
  }
}

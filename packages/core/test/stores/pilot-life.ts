/** The life of a pilot job service that a fixture tells of: every kind of record is in it. */
import type { PilotInput, PilotPlan } from '../../src/manager/pilot-events.ts';
import type { PilotMachine } from '../../src/manager/pilot-machine.ts';
import type { NodeInfo } from '../../src/model/resources.ts';
import type { Record } from './work-life.ts';

const PLAN: PilotPlan = {
  rm: 'slurm://login.example',
  type: 'slurm',
  description: { totalCpuCount: 4, queue: 'batch' },
  policy: {
    registrationMs: 60_000,
    registersFrom: 'running',
    fenceMs: 90_000,
    graceMs: 10_000,
    patienceMs: 25_000,
  },
};
const NODE: NodeInfo = {
  host: 'n1',
  cores: 4,
  memory: 2 ** 30,
  gpus: 1,
  resources: {},
  cpuArchitecture: 'x64',
  operatingSystemType: 'linux',
  nodeVersion: '20.20.2',
  pstarVersion: '0.1.0',
  launcher: 'posix_spawn',
};

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

/** Lives it; `half` is awaited when half of it is over. */
export async function livePilots(
  machine: PilotMachine,
  journal: Record,
  half: () => Promise<void>,
): Promise<void> {
  let at = Date.UTC(2026, 0, 2, 3, 4, 5);
  const tell = async (input: WithoutTime<PilotInput>): Promise<void> => {
    at += 1000;
    journal.append(machine.handle({ ...input, at } as PilotInput).events);
    await journal.commit();
  };
  const run = async (pilot: string, nativeId: string): Promise<void> => {
    await tell({ type: 'create', pilot, plan: PLAN });
    await tell({ type: 'accepted', pilot, round: 1, nativeId });
    const report = { id: nativeId, state: 'Running', detail: 'RUNNING' } as const;
    await tell({ type: 'native', pilot, report });
    await tell({
      type: 'agent-connected',
      pilot,
      agent: `${pilot}-1`,
      node: NODE,
      endsAt: at + 3_600_000,
    });
  };
  const over = (pilot: string, id: string, state: 'Done' | 'Failed', detail: string) =>
    tell({ type: 'native', pilot, report: { id, state, detail } });

  await run('done', '17');
  await tell({ type: 'agent-bye', pilot: 'done', agent: 'done-1', reason: 'time-limit' });
  await over('done', '17', 'Done', 'COMPLETED');
  await run('died', '18');
  await tell({ type: 'create', pilot: 'refused', plan: PLAN });
  await tell({ type: 'refused', pilot: 'refused', round: 1, problem: 'no such queue' });
  await half();
  await tell({ type: 'agent-silent', pilot: 'died', agent: 'died-1', why: 'connection reset' });
  await over('died', '18', 'Failed', 'NODE_FAIL');
  await run('again', '19');
  await tell({ type: 'reinitialize', pilot: 'again', plan: PLAN });
  await tell({ type: 'agent-bye', pilot: 'again', agent: 'again-1', reason: 'ordered' });
  await over('again', '19', 'Done', 'COMPLETED');
  await run('canceled', '20');
  await tell({ type: 'cancel', pilot: 'canceled' });
  await run('runs', '21');
  await tell({ type: 'create', pilot: 'unknown whether submitted', plan: PLAN });
}

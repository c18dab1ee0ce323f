/** The life of a work unit service that a fixture tells of: every kind of record is in it. */
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { WorkInput } from '../../src/manager/work-events.ts';
import type { WorkManager } from '../../src/manager/work-manager.ts';
import type { NodeInfo } from '../../src/model/resources.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import {
  type EndedRow,
  endedRows,
  heldRows,
  type Row,
  returnedRows,
  startedRows,
} from '../support/rows.ts';

/** The part of a journal that a life is written into. */
export interface Record {
  append(records: readonly unknown[]): void;
  commit(): Promise<void>;
}

const NODE: NodeInfo = {
  host: 'node1',
  cores: 4,
  memory: 2 ** 34,
  gpus: 0,
  resources: { licence: 2 },
  cpuArchitecture: 'x64',
  operatingSystemType: 'linux',
  nodeVersion: 'v20.20.0',
  pstarVersion: '0.1.0',
  launcher: 'posix_spawn',
};
const START = Date.UTC(2026, 0, 2, 3, 4, 5);

type Said = Pick<WorkInput & { type: 'report' }, 'started' | 'ended' | 'returned'>;

class Life {
  readonly manager: WorkManager;
  readonly #journal: Record;
  readonly #index: TemplateIndex;
  now = START;
  #seq = 0;

  constructor(manager: WorkManager, journal: Record) {
    this.manager = manager;
    this.#journal = journal;
    this.#index = new TemplateIndex(manager.state);
  }

  async tell(input: WorkInput): Promise<void> {
    this.#journal.append(this.manager.handle(input).events);
    await this.#journal.commit();
    this.now += 1000;
  }

  submit(...descriptions: Partial<WorkUnitDescription>[]): Promise<void> {
    const intake = new Intake(this.#index, this.manager.state, 'work');
    for (const description of descriptions) intake.add({ executable: '/bin/true', ...description });
    return this.tell({ type: 'submit', now: this.now, submission: intake.finish() });
  }

  join(agentId: string, held?: readonly (Row & { phase: 0 | 1 | 2 })[]): Promise<void> {
    const place = { agentId, pilotId: `pilot-${agentId}`, node: NODE };
    return this.tell({
      type: 'agent-joined',
      now: this.now,
      place,
      endsAt: undefined,
      held: held && heldRows(held),
    });
  }

  report(agentId: string, said: Said): Promise<void> {
    return this.tell({ type: 'report', now: this.now, agentId, seq: ++this.#seq, ...said });
  }

  started(agentId: string, ...rows: Row[]): Promise<void> {
    return this.report(agentId, { started: startedRows(rows, this.now) });
  }

  ended(agentId: string, ...rows: EndedRow[]): Promise<void> {
    const startedAt = this.now - 500;
    const all = rows.map((row) => ({ startedAt, ...row }));
    return this.report(agentId, { ended: endedRows(all, this.now) });
  }

  cancel(why: string, ...units: number[]): Promise<void> {
    return this.tell({ type: 'cancel', now: this.now, units, why });
  }
}

const first = (...units: number[]): Row[] => units.map((unit) => ({ unit, attempt: 1 }));

/** Lives it; `half` is awaited when half of it is over. */
export async function liveWork(
  manager: WorkManager,
  journal: Record,
  half: () => Promise<void>,
): Promise<void> {
  const life = new Life(manager, journal);
  await firstHalf(life);
  await half();
  await secondHalf(life);
}

/** Units 0 to 13: all that can become of work in a pilot that lasts. */
async function firstHalf(life: Life): Promise<void> {
  await life.tell({ type: 'group', now: life.now, name: 'empty' });
  await life.submit(
    { name: 'a', group: 'first', arguments: ['--seed', '1'] },
    { name: 'b', group: 'first', environment: { KEY: 'wert äöü' } },
    { name: 'retried', retries: { limit: 2, delay: 60, backoff: 'exponential' } },
    { name: 'fails' },
    { name: 'after a', dependsOn: ['a'] },
    { name: 'after fails', dependsOn: ['fails'] },
    { name: 'after group', dependsOn: [{ group: 'first' }] },
    { name: 'large', totalCpuCount: 4, priority: 5 },
  );
  await life.submit(
    { name: 'later', startTime: new Date(life.now + 3_600_000) },
    { name: 'nobody has room', totalCpuCount: 64 },
  );
  await life.submit({
    name: 'gpu',
    executable: '/usr/bin/env',
    wallTimeLimit: 60,
    maxCancellationTime: 2,
  });
  await life.join('a1');
  await life.started('a1', ...first(7));
  await life.ended('a1', { unit: 7, attempt: 1, exitCode: 0 });
  await life.started('a1', ...first(0, 1, 2, 3));
  await life.ended('a1', { unit: 0, attempt: 1, exitCode: 0 }, { unit: 2, attempt: 1, signal: 9 });
  await life.ended('a1', {
    unit: 3,
    attempt: 1,
    exitCode: 3,
    problem: 'exit code 3',
    stderrTail: 'no such thing\n',
  });
  await life.cancel('it was canceled', 10);
}

/** Pilots that fall silent, come back, end and die. */
async function secondHalf(life: Life): Promise<void> {
  await life.ended('a1', { unit: 1, attempt: 1, exitCode: 0 });
  await life.join('a2');
  await life.submit(
    ...Array.from({ length: 12 }, (_, i) => ({
      name: `more ${i}`,
      group: 'second',
      arguments: ['-n', `${i}`],
    })),
    { name: 'not again', restartOnPilotLoss: false },
  );
  await life.tell({ type: 'time', now: life.now + 120_000 });
  life.now += 120_000;
  const one = boundTo(life, 'a1');
  const two = boundTo(life, 'a2');
  await life.started('a1', ...one.slice(0, 3));
  await life.started('a2', ...two.slice(0, 3));
  await life.report('a2', { returned: returnedRows(two.slice(-1), 'asked') });
  await life.tell({ type: 'agent-silent', now: life.now, agentId: 'a1', why: 'connection reset' });
  life.now += 10_000;
  await life.tell({ type: 'time', now: life.now });
  await life.join(
    'a1',
    one.slice(0, 2).map((row) => ({ ...row, phase: 1 })),
  );
  await life.cancel('its group was canceled', ...two.slice(0, 1).map(({ unit }) => unit));
  await life.tell({
    type: 'agent-gone',
    now: life.now,
    agentId: 'a2',
    how: 'lost',
    detail: 'node failure',
  });
  await life.join('a3');
  const three = boundTo(life, 'a3');
  await life.started('a3', ...three.slice(0, 2));
  await life.report('a3', {
    returned: returnedRows(
      three.map((row, i) => ({ ...row, started: i < 2 })),
      'evicted',
    ),
  });
  await life.tell({
    type: 'agent-gone',
    now: life.now,
    agentId: 'a3',
    how: 'ended',
    detail: 'time limit',
  });
  await life.tell({ type: 'agent-silent', now: life.now, agentId: 'a1', why: 'no pulse' });
  await life.submit({ name: 'last', dependsOn: [{ group: 'second' }] });
}

/** The units bound to an agent, with their attempts. */
function boundTo({ manager: { state } }: Life, agentId: string): Row[] {
  const place = state.places.ofAgent(agentId);
  const units = place === undefined ? [] : state.boundTo(place);
  return units.map((unit) => ({ unit, attempt: state.attempt(unit) }));
}

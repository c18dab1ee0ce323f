import { describe, expect, it } from 'vitest';
import type { PilotInput } from '../../../src/manager/pilot-events.ts';
import type { AgentLink, PilotRecord } from '../../../src/manager/pilot-record.ts';
import type { SealedReport } from '../../../src/protocol/messages.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../../../src/protocol/version.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { RunningTimers } from '../../../src/runtime/running-timers.ts';
import { AgentRegistry } from '../../../src/service/agents/agent-registry.ts';
import type { AgentPort, WorkClient, WorkMessage } from '../../../src/service/base/work-client.ts';
import { misreported } from '../../../src/service/calls/part-box.ts';
import type { LeftReports } from '../../../src/transport/kept-reports.ts';
import type { Link } from '../../../src/transport/link.ts';
import { memoryLinks } from '../../../src/transport/memory-link.ts';
import { ManualClock } from '../../agent/manual-clock.ts';

/** What an agent has left, where looking and removing can be seen. */
class Left implements LeftReports {
  readonly kept = new Map<string, number[]>();
  reads = 0;
  isUnreadable = false;

  async reports(agentId: string, service: string): Promise<SealedReport[]> {
    this.reads++;
    if (this.isUnreadable) throw new Error('EIO');
    return (this.kept.get(`${agentId}.${service}`) ?? []).map((seq) => ({ seq }));
  }
  async bye(): Promise<undefined> {}
  async remove(agentId: string, service?: string): Promise<void> {
    this.kept.delete(`${agentId}.${service}`);
  }
}

/** A work unit service with units at an agent, until it takes in that it is gone. */
class Client implements WorkClient {
  readonly id: string;
  readonly heard: string[] = [];
  bound: number;
  /** It does not take in what it is told. */
  isClosing = false;
  settle: () => void = () => {};
  #settled: Promise<void> = Promise.resolve();

  constructor(id: string, bound = 1) {
    this.id = id;
    this.bound = bound;
  }

  /** What it is told is on disk only when the test says so. */
  slowly(): this {
    this.#settled = new Promise((resolve) => {
      this.settle = resolve;
    });
    return this;
  }

  agentJoined(): void {}
  agentEndsAt(): void {}
  agentMessage(_agent: AgentPort, message: WorkMessage): void {
    this.heard.push(`report ${(message as { seq: number }).seq}`);
  }
  agentSilent(_agent: AgentPort, why: string): void {
    this.heard.push(`silent: ${why}`);
  }
  agentGone(_agent: AgentPort, how: string, detail: string): void {
    this.heard.push(`gone ${how}: ${detail}`);
    if (!this.isClosing) this.bound = 0;
  }
  boundTo(): number {
    return this.bound;
  }
  settled(): Promise<void> {
    return this.#settled;
  }
  pilotsChanged(): void {}
}

const GONE: AgentLink = { link: 'gone', how: 'vanished', detail: 'its node has failed' };
const SILENT: AgentLink = { link: 'silent', why: 'cut off' };
const WAS_AWAY = 'silent: the manager was away';
const WAS_GONE = 'gone vanished: its node has failed';

/** A registry that knows agent-1 of pilot-1 from before, and has heard of pilot-2. */
function world(at: AgentLink) {
  const clock = new ManualClock();
  const left = new Left();
  left.kept.set('agent-1.one', [1, 2]);
  const inputs: PilotInput[] = [];
  const registry = new AgentRegistry({
    clock,
    timers: new RunningTimers(clock),
    log: silentLog,
    dispatch: (input) => inputs.push(input),
    pilotOf: (identity) => identity,
    timesOf: () => ({ heartbeatMs: 1000, leaseMs: 10_000 }),
    leftOf: () => left,
  });
  const agent = { id: 'agent-1', round: 1, node: {}, endsAt: undefined, at, silences: 0 };
  const pilot = { id: 'pilot-1', state: 'Running', detail: '', agents: new Map([['', agent]]) };
  registry.restore(pilot as unknown as PilotRecord);
  return { registry, left, inputs, clock };
}

/** All that is asked of a `Left` is answered at once. */
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('what an agent has left', () => {
  it('is told before its end, and removed once both are on disk', async () => {
    const { registry, left } = world(SILENT);
    const client = new Client('one').slowly();
    registry.attach(client);
    registry.gone('agent-1', 'vanished', 'its node has failed');
    await soon();
    expect(client.heard).toEqual([WAS_AWAY, 'report 1', 'report 2', WAS_GONE]);
    expect(left.kept.has('agent-1.one')).toBe(true);
    client.settle();
    await soon();
    expect(left.kept.size).toBe(0);
  });

  it('waits for a service that is added later, and is nobody else’s', async () => {
    const { registry, left } = world(GONE);
    const other = new Client('two');
    registry.attach(other);
    await soon();
    expect(other.heard).toEqual([WAS_GONE]);
    expect(left.kept.has('agent-1.one')).toBe(true);
    const client = new Client('one');
    registry.attach(client);
    await soon();
    expect(client.heard).toEqual(['report 1', 'report 2', WAS_GONE]);
    expect(left.kept.size).toBe(0);
  });

  it('is not read for a service that has nothing there, and does not accumulate', async () => {
    const { registry, left } = world(GONE);
    const client = new Client('one', 0);
    registry.attach(client);
    expect(client.heard).toEqual([WAS_GONE]);
    await soon();
    expect([left.reads, left.kept.size]).toEqual([0, 0]);
  });

  it('stays for a service that was closing, or has gone meanwhile', async () => {
    const { registry, left } = world(GONE);
    const closing = new Client('one');
    closing.isClosing = true;
    registry.attach(closing);
    await soon();
    expect(left.kept.has('agent-1.one')).toBe(true);
    const leaving = new Client('one');
    registry.attach(leaving);
    registry.detach(leaving);
    await soon();
    expect(leaving.heard).toEqual([]);
    expect(left.kept.has('agent-1.one')).toBe(true);
  });

  it('stays where it is while it cannot be read, and keeps nobody waiting', async () => {
    const { registry, left } = world(GONE);
    left.isUnreadable = true;
    const client = new Client('one');
    registry.attach(client);
    await soon();
    expect(client.heard).toEqual([WAS_GONE]);
    expect(left.kept.has('agent-1.one')).toBe(true);
  });
});

describe('an agent that introduces itself', () => {
  it.each([
    ['../pilot-2/agent-1', 'pilot-1'],
    ['agent-1.one', 'pilot-1'],
    ['agent-1', 'pilot-2'],
  ])('is turned away as %s of %s', async (agent, pilot) => {
    const { registry, inputs } = world(SILENT);
    const [ours, theirs] = memoryLinks();
    registry.accept(ours, pilot);
    const version = { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
    theirs.send({ type: 'hello', ...version, pilot, agent, node: {} });
    const answer = await new Promise((resolve) => theirs.once('message', resolve));
    expect(answer).toMatchObject({ type: 'refuse', problem: `it cannot be called ${agent}` });
    expect(inputs).toEqual([]);
  });
});

describe('the agents of a pilot whose native job is called over', () => {
  /** Whether they have parted, of one that is connected. */
  async function called() {
    const { registry, clock } = world(SILENT);
    const [ours, theirs] = memoryLinks();
    registry.accept(ours, 'pilot-1');
    const version = { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
    theirs.send({ type: 'hello', ...version, pilot: 'pilot-1', agent: 'agent-1', node: {} });
    await soon();
    registry.joined('agent-1');
    const settled: boolean[] = [];
    void registry.parted('pilot-1').then(() => settled.push(registry.areConnected('pilot-1')));
    /** Lets time go by, then perhaps the agent give a sign of life. */
    const pass = async (ms: number, isHeard: boolean) => {
      clock.advance(ms);
      if (isHeard) theirs.send({ type: 'pulse' });
      await soon();
    };
    return { theirs, settled, pass };
  }

  it('have parted when their links are over', async () => {
    const { theirs, settled, pass } = await called();
    await pass(1000, false);
    expect(settled).toEqual([]);
    theirs.close();
    await expect.poll(() => settled).toEqual([false]);
  });

  it('are there still when one is heard long after that word', async () => {
    const { settled, pass } = await called();
    await pass(1500, true);
    await pass(1500, false);
    expect(settled).toEqual([]);
    await pass(0, true);
    expect(settled).toEqual([true]);
  });

  it('have parted when a link is given up that nothing came by any more', async () => {
    const { settled, pass } = await called();
    await pass(1500, true);
    await pass(3900, false);
    expect(settled).toEqual([]);
    await pass(2000, false);
    expect(settled).toEqual([false]);
  });
});

it('gives up the link of an agent that says what cannot be, and no other', async () => {
  const { registry, inputs } = world(SILENT);
  const client = new Client('one');
  client.agentMessage = () => {
    throw misreported('nonsense');
  };
  registry.attach(client);
  const version = { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
  const links = ['agent-1', 'agent-2'].map((agent) => {
    const [ours, theirs] = memoryLinks();
    registry.accept(ours, 'pilot-1');
    theirs.send({ type: 'hello', ...version, pilot: 'pilot-1', agent, node: {} });
    return theirs;
  });
  const welcome = links.map((link) => new Promise((resolve) => link.once('message', resolve)));
  const [liar, other] = links as [Link, Link];
  await expect.poll(() => inputs.length).toBe(2);
  for (const agent of ['agent-1', 'agent-2']) registry.joined(agent);
  await Promise.all(welcome);
  const isOver = new Promise((resolve) => liar.once('close', resolve));
  liar.send({ type: 'calls-yield', channel: 0, unit: 1, attempt: 1 });
  await isOver;
  const why = 'the agent has reported nonsense';
  expect(inputs.slice(2)).toMatchObject([{ type: 'agent-silent', agent: 'agent-1', why }]);
  other.close();
});

it('turns away for good an agent that says what cannot be, link after link', async () => {
  const { registry } = world(SILENT);
  const client = new Client('one');
  client.agentMessage = () => {
    throw misreported('nonsense');
  };
  registry.attach(client);
  const answers: object[] = [];
  const come = async () => {
    const [ours, theirs] = memoryLinks();
    registry.accept(ours, 'pilot-1');
    const answer = new Promise<object>((resolve) => theirs.once('message', resolve));
    const isOver = new Promise((resolve) => theirs.once('close', resolve));
    const version = { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
    theirs.send({ type: 'hello', ...version, pilot: 'pilot-1', agent: 'agent-1', node: {} });
    await soon();
    registry.joined('agent-1');
    answers.push(await answer);
    return { theirs, isOver };
  };
  const lie = async () => {
    const { theirs, isOver } = await come();
    theirs.send({ type: 'calls-yield', channel: 0, unit: 1, attempt: 1 });
    await isOver;
  };
  for (let times = 0; times < 4; times++) await lie();
  // One that ends otherwise is in between.
  const { theirs } = await come();
  theirs.close();
  await soon();
  for (let times = 0; times < 5; times++) await lie();
  await come();
  const refusal = '5 times in a row it has said what cannot be: the agent has reported nonsense';
  expect(answers.map((answer) => (answer as { type: string }).type)).toEqual([
    ...Array(10).fill('welcome'),
    'refuse',
  ]);
  expect(answers.at(-1)).toMatchObject({ problem: refusal });
});

import { describe, expect, it } from 'vitest';
import { Intake } from '../../../src/manager/intake.ts';
import { STATE } from '../../../src/manager/state-numbers.ts';
import { TemplateIndex } from '../../../src/manager/template-index.ts';
import type { Submission } from '../../../src/manager/work-events.ts';
import { parseWorkUnitDescription } from '../../../src/model/work-unit-description.ts';
import type { EndedColumns, HeldUnits, ManagerMessage } from '../../../src/protocol/messages.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { schedulerOf } from '../../../src/scheduler/schedulers.ts';
import type { AgentPort } from '../../../src/service/base/work-client.ts';
import { WorkCore } from '../../../src/service/units/work-core.ts';
import { FrameEncoder } from '../../../src/transport/frame-codec.ts';
import { ManualClock } from '../../agent/manual-clock.ts';
import { NODE, WorkWorld } from '../../support/work-world.ts';

const NOTHING: HeldUnits = {
  units: new Uint32Array(0),
  attempts: new Uint16Array(0),
  phases: new Uint8Array(0),
};

/** The first attempt of the first unit, over before its start was told. */
const ENDED: EndedColumns = {
  units: new Uint32Array([0]),
  attempts: new Uint16Array([1]),
  reasons: new Uint8Array(1),
  exitCodes: new Int16Array(1),
  signals: new Uint8Array(1),
  terminated: new Uint8Array(1),
  startedAt: new Float64Array([1]),
  finishedAt: new Float64Array([2]),
  userTime: new Float32Array(1),
  systemTime: new Float32Array(1),
  maxRss: new Uint32Array(1),
};

/** A core whose commits are held up until the test lets them go, and what it has sent. */
class Held {
  readonly sent: ManagerMessage[] = [];
  readonly agent: AgentPort = {
    agentId: 'a',
    pilotId: 'p',
    node: NODE,
    endsAt: undefined,
    connected: true,
    buffered: 0,
    channelOf: () => 1,
    send: (message) => this.sent.push(message as ManagerMessage),
  };
  #commits: (() => void)[] = [];
  readonly core = new WorkCore({
    id: 'work',
    directory: '/nowhere',
    scheduler: schedulerOf('fifo'),
    journal: {
      append: () => {},
      commit: () => new Promise((resolve) => this.#commits.push(resolve)),
      snapshot: () => Promise.resolve(),
      bytesSinceSnapshot: 0,
      snapshotBytes: 0,
    },
    clock: new ManualClock(),
    log: silentLog,
  });

  submit(): void {
    const description = parseWorkUnitDescription({ executable: 'true' });
    const templates = [{ id: 0, description }];
    const submission: Submission = { first: 0, count: 1, templates, runs: [0, 1] };
    this.core.dispatch({ type: 'submit', now: 0, submission });
  }

  /** All that was dispatched becomes durable, and what follows is done. */
  async commit(): Promise<void> {
    const settled = this.core.conductor.settled();
    await undefined;
    for (const resolve of this.#commits.splice(0)) resolve();
    await settled;
  }

  get started(): number {
    return this.sent.filter(({ type }) => type === 'start').length;
  }
}

describe('a start that waits for its commit', () => {
  it('is sent when the agent is still there', async () => {
    const held = new Held();
    held.submit();
    held.core.agentJoined(held.agent, NOTHING);
    await held.commit();
    expect(held.started).toBe(1);
  });

  it('is not sent over a next link, before or after the agent has said what it holds', async () => {
    const held = new Held();
    held.submit();
    held.core.agentJoined(held.agent, NOTHING);
    // There is a new link already, and on it, perhaps, the word that the agent holds nothing.
    held.core.agentSilent(held.agent, 'the link was closed');
    await held.commit();
    expect(held.started).toBe(0);
    held.core.agentJoined(held.agent, NOTHING);
    await held.commit();
    expect(
      held.sent.flatMap((m) => (m.type === 'start' ? [...(m.runs[0]?.attempts ?? [])] : [])),
    ).toEqual([2]);
  });
});

it('what a submit takes is sent in messages that fit into a frame each', async () => {
  const held = new Held();
  const { manager } = held.core;
  const intake = new Intake(new TemplateIndex(manager.state), manager.state, 'work');
  const large = { A: 'q'.repeat(7 * 2 ** 20) };
  // Three bytes each.
  const own = { A: '\u20ac'.repeat(2_000_000) };
  for (const executable of ['a', 'b', 'c']) intake.add({ executable, environment: large });
  intake.add({ executable: 'd' });
  for (const name of ['e', 'f', 'g']) intake.add({ executable: 'd', name, environment: own });
  held.core.dispatch({ type: 'submit', now: 0, submission: intake.finish() });
  held.core.agentJoined({ ...held.agent, node: { ...NODE, cores: 8 } }, NOTHING);
  await held.commit();
  expect(held.sent.flatMap((m) => (m.type === 'templates' ? m.templates : []))).toHaveLength(4);
  let largest = 0;
  const encoder = new FrameEncoder((part) => {
    largest = Math.max(largest, part.length);
  });
  for (const message of held.sent) encoder.add(message);
  encoder.flush();
  expect(largest).toBeGreaterThan(5 * 2 ** 20);
});

describe('somebody who hears of a move', () => {
  it('and watches the progress of a unit then, learns of an end that was told in one with it', async () => {
    const held = new Held();
    const { core } = held;
    held.submit();
    core.agentJoined(held.agent, NOTHING);
    await held.commit();
    let isOver = false;
    core.visible.states$(0).subscribe((state) => {
      if (state !== 'Running') return;
      core.outputs.progress$(0).subscribe({ complete: () => (isOver = true) });
    });
    core.agentMessage(held.agent, { type: 'report', channel: 1, seq: 1, ended: ENDED });
    await held.commit();
    expect(core.visible.state(0)).toBe('Done');
    expect(isOver).toBe(true);
  });

  it('and watches the output of a unit then, says of which attempt: its agent has not heard of it yet', async () => {
    const held = new Held();
    const { core } = held;
    held.submit();
    let isOver = false;
    core.visible.states$(0).subscribe((state) => {
      if (state !== 'Scheduled') return;
      core.outputs.output$(0, 'stdout').subscribe({ complete: () => (isOver = true) });
    });
    core.agentJoined(held.agent, NOTHING);
    await held.commit();
    expect(held.sent.map(({ type }) => type)).toEqual(['watch', 'templates', 'start', 'watch']);
    expect(held.sent.filter(({ type }) => type === 'watch')).toEqual(
      Array.from({ length: 2 }, () => expect.objectContaining({ unit: 0, attempt: 1, on: true })),
    );
    expect(isOver).toBe(false);
  });

  it('and listens to all moves then, hears of those that were told in one with it', async () => {
    const held = new Held();
    const { core } = held;
    held.submit();
    core.agentJoined(held.agent, NOTHING);
    await held.commit();
    const heard: string[] = [];
    core.visible.states$(0).subscribe((state) => {
      if (state !== 'Running') return;
      core.moves.as((unit, from, to) => `${unit} ${from}>${to}`).subscribe((m) => heard.push(m));
    });
    core.agentMessage(held.agent, { type: 'report', channel: 1, seq: 1, ended: ENDED });
    await held.commit();
    expect(heard.at(-1)).toBe(`0 ${STATE.Running}>${STATE.Done}`);
  });
});

it('doubts what agents of an earlier life have that nobody has shown in time', async () => {
  const before = new WorkWorld();
  before.join('a');
  before.submit({});
  const held = new Held();
  const { core } = held;
  for (const event of before.journal) core.manager.replay(event);
  core.restored();
  const clock = core.clock as ManualClock;
  clock.advance(4000);
  await held.commit();
  expect(core.visible.state(0)).toBe('Scheduled');
  clock.advance(1000);
  await held.commit();
  expect(core.visible.state(0)).toBe('Unknown');
});

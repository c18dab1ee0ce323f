import { describe, expect, it } from 'vitest';
import type { PilotSummary } from '../../src/manager/explain-parts.ts';
import { STATE } from '../../src/manager/state-numbers.ts';
import { detailOf, explainUnit } from '../../src/manager/work-explain.ts';
import { explanation } from '../../src/model/explanation.ts';
import { type EndedRow, endedRows, startedRows } from '../support/rows.ts';
import { NODE, WorkWorld } from '../support/work-world.ts';

const idOf = (unit: number) => `work.${unit}`;
const running = (id: string, cores?: number): PilotSummary => ({
  id,
  state: 'Running',
  detail: '',
  ...(cores && { cores }),
});
const pending = (id: string, cores?: number): PilotSummary => ({
  id,
  state: 'Pending',
  detail: 'slurm: PENDING (Resources)',
  ...(cores && { cores }),
});

function explain(world: WorkWorld, unit: number, pilots: readonly PilotSummary[] = []) {
  return explainUnit(world.state, unit, { now: world.now, pilots, idOf });
}

function detail(world: WorkWorld, unit: number, pilots: readonly PilotSummary[] = []) {
  return detailOf(world.state, unit, { now: world.now, pilots, idOf });
}

function end(world: WorkWorld, row: EndedRow, agentId = 'p1') {
  world.report(agentId, { ended: endedRows([row], world.now) });
}

describe('a unit that waits for others', () => {
  it('names them with their states', () => {
    const world = new WorkWorld();
    world.handle({ type: 'group', now: 0, name: 'prepare' });
    world.submit({ name: 'a' }, { group: 'prepare' });
    world.submit({
      dependsOn: [{ id: 'work.0' }, { group: 'prepare', on: 'finished' }],
    });
    const { summary, waitsFor } = explain(world, 2);
    expect(summary).toBe("waits for work.0 and group 'prepare'");
    expect(waitsFor).toEqual([
      'work.0 to succeed; it is Pending',
      "group 'prepare' to end; 1 unit of 1 not ended",
    ]);
    expect(detail(world, 2)).toBe('waits for 2 dependencies');
  });

  it('does not print a thousand names', () => {
    const world = new WorkWorld();
    world.submit(...Array.from({ length: 1000 }, () => ({})));
    world.submit({ dependsOn: Array.from({ length: 1000 }, (_, unit) => `work.${unit}`) });
    const { summary, waitsFor, details } = explain(world, 1000);
    expect(details).toMatchObject({ waitsFor: { length: 10 }, waitsForCount: 1000 });
    expect(summary).toBe('waits for 1000 dependencies');
    expect(waitsFor).toHaveLength(11);
    expect(waitsFor?.at(-1)).toBe('990 more');
  });
});

describe('a unit that could run', () => {
  it('needs a pilot', () => {
    const world = new WorkWorld();
    world.submit({ totalCpuCount: 2 });
    const { summary, wouldHelp } = explain(world, 0);
    expect(summary).toBe('no pilot: create one');
    expect(wouldHelp).toEqual(['create a pilot with at least 2 cores']);
    const failed = { id: 'p1', state: 'Failed', detail: 'sbatch: invalid account' };
    expect(explain(world, 0, [failed]).summary).toBe(
      'no pilot is left (p1 is Failed: sbatch: invalid account): create one',
    );
  });

  it('waits for pilots that wait themselves', () => {
    const world = new WorkWorld();
    world.submit({});
    expect(explain(world, 0, [pending('p1')]).summary).toBe(
      'pilot p1 is pending: slurm: PENDING (Resources)',
    );
    expect(explain(world, 0, [pending('p1'), pending('p2')]).summary).toBe(
      '2 pilots are pending: slurm: PENDING (Resources)',
    );
    const local = (id: string) => ({ id, state: 'Pending', detail: 'local: accepted' });
    expect(explain(world, 0, [pending('p1'), local('p2'), pending('p3')]).summary).toBe(
      '2 pilots are pending: slurm: PENDING (Resources), and pilot p2 is pending: local: accepted',
    );
    const stopped = { id: 'p2', state: 'Suspended', detail: '' };
    expect(explain(world, 0, [pending('p1'), stopped]).summary).toBe(
      'pilot p1 is pending: slurm: PENDING (Resources), and pilot p2 is suspended',
    );
    expect(explain(world, 0, [pending('p1'), stopped, local('p3')]).summary).toBe(
      'pilot p1 is pending: slurm: PENDING (Resources), and pilot p2 is suspended, and 1 more is not ready',
    );
  });

  it('says before they come that they will be too small', () => {
    const world = new WorkWorld();
    world.submit({ totalCpuCount: 64 });
    expect(explain(world, 0, [pending('p1', 4), pending('p2', 8)]).summary).toBe(
      'wants 64 cores; the largest pilot has 8',
    );
    // One whose size nobody knows may do.
    expect(explain(world, 0, [pending('p1', 4), pending('p2')]).summary).toContain('pending');
  });

  it('is told what the largest pilot lacks, and what would help', () => {
    const world = new WorkWorld();
    world.submit({ totalCpuCount: 64 });
    world.join('p1', { cores: 2 });
    world.join('p2', { cores: 4 });
    const pilots = [running('p1'), running('p2'), pending('p3', 8), pending('p4', 128)];
    const { summary, waitsFor, wouldHelp } = explain(world, 0, pilots);
    expect(summary).toBe('wants 64 cores; the largest pilot has 4');
    expect(wouldHelp).toEqual(['create a pilot with at least 64 cores']);
    expect(waitsFor).toEqual([
      'a pilot with at least 64 cores',
      'pilot p4, which is Pending: slurm: PENDING (Resources)',
    ]);
    expect(detail(world, 0, pilots)).toBe(summary);
  });

  it('compares with the pilot that lacks least', () => {
    const world = new WorkWorld();
    world.submit({ totalCpuCount: 8, gpus: 1, resources: { licenses: 2 } });
    world.join('p1', { cores: 64 });
    world.join('p2', { cores: 4, gpus: 2, resources: { licenses: 2 } });
    expect(explain(world, 0, [running('p1'), running('p2')]).summary).toBe(
      'wants 8 cores; the largest pilot has 4',
    );
  });

  it('runs on one node of a pilot', () => {
    const world = new WorkWorld();
    world.submit({ totalCpuCount: 8 });
    for (const agentId of ['a1', 'a2']) {
      world.handle({
        type: 'agent-joined',
        now: 0,
        place: { agentId, pilotId: 'p1', node: NODE },
        endsAt: undefined,
        held: undefined,
      });
    }
    expect(explain(world, 0, [running('p1')]).summary).toBe(
      'wants 8 cores; the largest node of a pilot has 4',
    );
  });

  it('names the constraint that no pilot meets', () => {
    const world = new WorkWorld();
    world.join('p1', { host: 'node1' });
    world.submit(
      { candidateHosts: ['node7'] },
      { cpuArchitecture: 'arm64', operatingSystemType: ['linux', 'darwin'] },
    );
    expect(explain(world, 0, [running('p1')]).summary).toBe(
      'runs on node7 only; the pilots have node1',
    );
    expect(explain(world, 1, [running('p1')]).summary).toBe(
      'runs on arm64 only; the pilots have x64',
    );
  });

  it('waits for the pilot that it names', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({ pilotJob: 'p2' });
    expect(explain(world, 0, [running('p1')]).summary).toBe(
      'may run on pilot p2 only, which is not known here',
    );
    expect(explain(world, 0, [running('p1'), pending('p2')]).summary).toBe(
      'pilot p2 is pending: slurm: PENDING (Resources)',
    );
    const gone = explain(world, 0, [running('p1'), { id: 'p2', state: 'Done', detail: 'idle' }]);
    expect(gone.summary).toBe('may run on pilot p2 only, which is Done: idle');
    expect(gone.wouldHelp).toEqual(['cancel it, and submit it again without pilotJob']);
  });

  it('waits for agents that are out of touch', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.handle({ type: 'agent-silent', now: 0, agentId: 'p1', why: 'connection reset' });
    world.submit({});
    expect(explain(world, 0, [running('p1')]).summary).toBe(
      'the agent of pilot p1 is out of touch: connection reset',
    );
  });

  it('waits for its start time', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({ startTime: 3600 });
    expect(detail(world, 0, [running('p1')])).toBe('starts at 1970-01-01T01:00:00.000Z');
  });

  it('waits for its next attempt', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({ retries: { limit: 2, delay: 5 } });
    end(world, { unit: 0, attempt: 1, exitCode: 3 });
    const { summary, waitsFor } = explain(world, 0, [running('p1')]);
    expect(summary).toBe('exited with code 3; is tried again at 1970-01-01T00:00:05.000Z');
    expect(waitsFor).toEqual(['the delay before retry 1 of 2, until 1970-01-01T00:00:05.000Z']);
  });

  it('needs a pilot that lasts', () => {
    const world = new WorkWorld();
    world.join('p1', {}, 3_600_000);
    world.submit({ estimatedRunTime: '2h' });
    const { summary, wouldHelp } = explain(world, 0, [running('p1')]);
    expect(summary).toBe('starts when a pilot has 2h left; the one that lasts longest has 1h');
    expect(wouldHelp?.[0]).toBe(
      'create a pilot with at least 1 core, and a wallTimeLimit of 2h2m or more',
    );
  });

  it('names all that it lacks at once', () => {
    const world = new WorkWorld();
    world.submit({ gpus: 3, estimatedRunTime: '5h' });
    const least = 'a pilot with at least 1 core, 3 gpus, and a wallTimeLimit of 5h2m or more';
    expect(explain(world, 0).wouldHelp).toEqual([`create ${least}`]);
    world.join('p1', {}, 3_600_000);
    const { summary, waitsFor, wouldHelp } = explain(world, 0, [running('p1')]);
    expect(summary).toBe(
      'wants 3 gpus; the largest pilot has 0; it takes 5h, and the one that lasts longest has 1h',
    );
    expect(waitsFor).toEqual([least]);
    expect(wouldHelp).toEqual([`create ${least}`]);
    // One that lasts lacks the gpus alone.
    world.join('p2');
    expect(detail(world, 0, [running('p1'), running('p2')])).toBe(
      'wants 3 gpus; the largest pilot has 0',
    );
  });

  it('knows how many go before it', () => {
    const world = new WorkWorld();
    world.join('p1', { cores: 1 });
    // One runs, one is held ahead, the others wait; of the higher ones, one is held ahead as well.
    world.submit(...Array.from({ length: 5 }, () => ({})));
    world.submit({ priority: 1 }, { priority: 1, totalCpuCount: 1 });
    world.handle({ type: 'cancel', now: 0, units: [3], why: '' });
    expect(explain(world, 4, [running('p1')]).summary).toBe(
      'waits until a pilot has 1 core free; 2 units are before it',
    );
    expect(detail(world, 4, [running('p1')])).toBe('waits until a pilot has 1 core free');
  });
});

describe('a unit that an agent has', () => {
  it('says where, and since when it runs', () => {
    const world = new WorkWorld();
    world.join('p1', { cores: 1 });
    world.submit({});
    expect(detail(world, 0)).toBe(
      'is with the agent on node1 (p1), and starts when a slot there is free',
    );
    const started = startedRows([{ unit: 0, attempt: 1 }], 60_000);
    world.report('p1', { started });
    const { summary, details } = explain(world, 0);
    expect(summary).toBe('runs on node1 (p1) since 1970-01-01T00:01:00.000Z');
    expect(details).toEqual({ pilot: 'p1', host: 'node1', attempt: 1 });
  });

  it('says that its files are on their way, and how far they are', () => {
    const world = new WorkWorld();
    world.join('p1', { cores: 1 });
    world.submit({ fileTransfer: ['/a > a', '/b < b'] }, { fileTransfer: ['/b < b'] });
    expect(explain(world, 0)).toMatchObject({
      summary: 'is with the agent on node1 (p1), and starts when its inputs and a slot are there',
      waitsFor: ['its inputs to be there', 'a free slot at its agent'],
    });
    expect(explain(world, 1).waitsFor).toEqual(['a free slot at its agent']);
    const of = (message: string) =>
      detailOf(world.state, 0, { now: 0, pilots: [], idOf, progressOf: () => message });
    expect(of('staging in: 40 % of 1.2 GiB')).toContain(
      '(p1) (staging in: 40 % of 1.2 GiB), and starts when',
    );
    expect(of('step 3')).not.toContain('step 3');
    world.report('p1', { started: startedRows([{ unit: 0, attempt: 1 }], 60_000) });
    expect(of('staging in: 99 %')).toMatch(/^runs on node1 \(p1\) since [^ ]+$/);
    expect(of('staging out: 40 %')).toMatch(/ \(staging out: 40 %\)$/);
  });

  it('says why it is in doubt', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({}, {});
    world.handle({ type: 'cancel', now: 0, units: [0], why: 'its group was canceled' });
    expect(detail(world, 0)).toBe('is being canceled: its group was canceled');
    expect(explain(world, 0).waitsFor).toEqual(['the agent on node1 (p1) to say how it ended']);
    world.handle({ type: 'agent-silent', now: 0, agentId: 'p1', why: 'no pulse' });
    world.handle({ type: 'time', now: 10_000 });
    expect(detail(world, 1)).toBe('its agent on node1 (p1) is out of touch: no pulse');
    expect(explain(world, 0).waitsFor).toEqual([
      'the agent on node1 (p1) to be in touch again and say how it ended',
    ]);
  });
});

describe('a unit that is over', () => {
  it('says how it ended, with what it wrote', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({}, {}, {}, {});
    end(world, { unit: 0, attempt: 1 });
    end(world, { unit: 1, attempt: 1, exitCode: 3, stderrTail: 'no such input\n' });
    end(world, { unit: 2, attempt: 1, signal: 9 });
    end(world, { unit: 3, attempt: 1, reason: 'EXECUTABLE_NOT_FOUND', problem: 'tru: not found' });
    expect([0, 1, 2, 3].map((unit) => detail(world, unit))).toEqual([
      'exited with code 0',
      'exited with code 3',
      'was ended by SIGKILL',
      'tru: not found',
    ]);
    expect(explain(world, 1).lastOutput).toBe('no such input\n');
    expect(explain(world, 0).lastOutput).toBeUndefined();
  });

  it('names the unit where the trouble began', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({ name: 'a' }, { name: 'b', dependsOn: 'a' }, { dependsOn: 'b' }, { name: 'd' });
    world.submit({ dependsOn: 'work.3', restartOnPilotLoss: false });
    end(world, { unit: 0, attempt: 1, exitCode: 1 });
    expect(detail(world, 1)).toBe('canceled because work.0 failed');
    expect(detail(world, 2)).toBe('canceled because work.0 failed');
    expect(explain(world, 2).details).toEqual({ cause: 'work.0' });
    world.handle({ type: 'cancel', now: 0, units: [3, 4], why: 'asked for' });
    expect(detail(world, 4)).toBe('was canceled: asked for');
    world.submit({ dependsOn: 'work.2' });
    expect(detail(world, 5)).toBe('canceled because work.0 failed');
  });

  it('forgets the trouble of an earlier attempt', () => {
    const world = new WorkWorld();
    world.join('p1');
    world.submit({ retries: 2 });
    end(world, { unit: 0, attempt: 1, exitCode: 1, problem: 'disk full', stderrTail: 'oh' });
    end(world, { unit: 0, attempt: 2, exitCode: 4 });
    end(world, { unit: 0, attempt: 3, exitCode: 5 });
    expect(explain(world, 0)).toMatchObject({ state: 'Failed', summary: 'exited with code 5' });
    expect(explain(world, 0).lastOutput).toBeUndefined();
  });
});

it('speaks of the state that is seen, where the journal is behind', () => {
  const world = new WorkWorld();
  world.join('p1');
  world.submit({});
  end(world, { unit: 0, attempt: 1 });
  const context = { now: 0, pilots: [], idOf };
  expect(explainUnit(world.state, 0, context, STATE.Running)).toMatchObject({ state: 'Running' });
  expect(explainUnit(world.state, 0, context, STATE.Pending)).toMatchObject({
    state: 'Pending',
    summary: 'is being made Done',
  });
  expect(`${explanation(explainUnit(world.state, 0, context))}`).toBe('Done: exited with code 0');
});

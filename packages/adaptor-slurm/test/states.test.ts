import { describe, expect, it } from 'vitest';
import { parseQueue } from '../src/outputs.ts';
import {
  forgottenState,
  nativeStateOf,
  pastStateOf,
  SLURM_STATES,
  vanishedState,
} from '../src/states.ts';
import type { JobRow } from '../src/transport.ts';
import { recorded } from './support/fixtures.ts';

const row = (state: string, parts: Partial<JobRow> = {}): JobRow => ({
  id: '7',
  name: 'x',
  state,
  reason: '',
  nodes: '',
  batchHost: '',
  ...parts,
});

describe('states', () => {
  it('are those of a recorded queue', () => {
    const said = parseQueue(recorded('squeue.txt')).map(nativeStateOf);
    expect(said.map(({ id, state, detail }) => `${id} ${state} ${detail}`)).toMatchInlineSnapshot(`
      [
        "2 Canceled CANCELLED (BeginTime)",
        "10 Canceled CANCELLED (Resources)",
        "23 Canceled CANCELLED (Priority)",
        "7 Done COMPLETED",
        "8 Done COMPLETED",
        "11 Done COMPLETED",
        "18_0 Done COMPLETED",
        "9 Failed FAILED (BadConstraints), ended by SIGHUP",
        "12 Failed FAILED (NonZeroExitCode), exit code 3",
        "13 Failed FAILED (JobLaunchFailure), ended by SIGKILL",
        "16 Pending PENDING (BeginTime)",
        "19 Pending PENDING (Resources)",
        "20 Pending PENDING (DependencyNeverSatisfied)",
        "15 Pending PENDING (JobHeldUser)",
        "14 Running RUNNING on n[1-2]",
        "18_1 Running RUNNING on n1",
        "18_2 Running RUNNING on n1",
        "17 Suspended SUSPENDED on n1",
      ]
    `);
  });

  it.each([
    ['Pending', 'PENDING CONFIGURING REQUEUED REQUEUE_HOLD SPECIAL_EXIT EXPEDITING POWER_UP_NODE'],
    ['Running', 'RUNNING COMPLETING SIGNALING STAGE_OUT RESIZING'],
    ['Suspended', 'SUSPENDED STOPPED'],
    ['Done', 'COMPLETED'],
    ['Canceled', 'CANCELLED'],
    ['Failed', 'FAILED TIMEOUT NODE_FAIL PREEMPTED BOOT_FAIL DEADLINE OUT_OF_MEMORY REVOKED'],
  ])('%s stands for %s', (state, words) => {
    const said = words.split(' ').map((word) => nativeStateOf(row(word)).state);
    expect(new Set(said)).toEqual(new Set([state]));
  });

  it('are those that squeue says there are', () => {
    const [, list = ''] = /Valid job states include: (\S+)/.exec(recorded('refusals.txt')) ?? [];
    expect(list.split(',')).toHaveLength(24);
    expect(list.split(',').filter((word) => !(word in SLURM_STATES))).toEqual([]);
  });

  it('name the nodes that a job has, and none when it has lost that of its script', () => {
    const running = { nodes: 'n[1-2]', batchHost: 'n1' };
    expect(nativeStateOf(row('RUNNING', running)).nodes).toEqual(['n1', 'n2']);
    expect(nativeStateOf(row('RUNNING', { ...running, nodes: 'n2' }))).toMatchObject({
      state: 'Running',
      detail: 'RUNNING on n2, without n1 and its script',
      nodes: [],
    });
  });

  it('say of a job that never ran what its files have to do with it', () => {
    const hint = expect.stringMatching(/^check that its nodes can write its output and error: /);
    const lost = { reason: 'JobLaunchFailure', signal: 'signal 53' };
    expect(nativeStateOf(row('FAILED', lost))).toMatchObject({ state: 'Failed', hint });
    const past = { id: '7', name: 'x', state: 'FAILED', signal: 'signal 53' };
    expect(pastStateOf(past, 'accounting')).toMatchObject({ state: 'Failed', hint });
    expect(nativeStateOf(row('FAILED', { ...lost, signal: 'SIGKILL' }))).not.toHaveProperty('hint');
  });

  it('are Unknown when Slurm has a new word', () => {
    expect(nativeStateOf(row('DREAMING', { reason: 'Night' }))).toEqual({
      id: '7',
      state: 'Unknown',
      detail: 'DREAMING (Night): a state that is not known here',
    });
  });

  it('say how it ended once it has', () => {
    expect(nativeStateOf(row('FAILED', { exitCode: 3 }))).toMatchObject({
      detail: 'FAILED, exit code 3',
      exitCode: 3,
    });
    expect(nativeStateOf(row('TIMEOUT', { signal: 'SIGTERM' }))).toMatchObject({
      detail: 'TIMEOUT, ended by SIGTERM',
      signal: 'SIGTERM',
    });
    expect(nativeStateOf(row('RUNNING', { exitCode: 0 }))).not.toHaveProperty('exitCode');
  });
});

describe('reasons', () => {
  it.each([
    ['PartitionTimeLimit', 'give it a shorter wallTimeLimit, or name another queue'],
    ['PartitionNodeLimit', 'ask for less, or name another queue'],
    ['PartitionConfig', 'ask for less, or name another queue'],
    ['QOSMaxCpuPerJobLimit', 'ask for less, or name another queue'],
    ['QOSMaxWallDurationPerJobLimit', 'ask for less, or name another queue'],
    ['AssocMaxNodePerJobLimit', 'ask for less, or name another queue'],
    ['QOSMinCpuNotSatisfied', 'ask for more: it is less than the least that is allowed'],
    ['BadConstraints', 'no node is as nativeOptions.constraint wants it'],
    ['InvalidQOS', 'name another project or queue'],
    ['InvalidAccount', 'name another project or queue'],
    ['DependencyNeverSatisfied', 'what it depends on has failed: take the dependency out'],
    ['JobHeldUser', 'have it released: scontrol release 7'],
    ['JobHeldAdmin', 'have it released: scontrol release 7'],
    ['launch_failed_requeued_held', 'have it released: scontrol release 7'],
  ])('%s: it will not run as it stands', (reason, hint) => {
    expect(nativeStateOf(row('PENDING', { reason }))).toEqual({
      id: '7',
      state: 'Pending',
      detail: `PENDING (${reason})`,
      hint,
    });
  });

  it.each([
    'Resources',
    'Priority',
    'BeginTime',
    'Dependency',
    'QOSGrpCpuLimit',
    'AssocGrpCpuLimit',
    'AssocMaxJobsLimit',
    'QOSMaxJobsPerUserLimit',
    'QOSMaxCpuPerUserLimit',
    'ReqNodeNotAvail, UnavailableNodes:n2',
    'Licenses',
    'PartitionDown',
    'Reservation',
  ])('%s: it may', (reason) => {
    expect(nativeStateOf(row('PENDING', { reason }))).not.toHaveProperty('hint');
  });
});

describe('what the queue has forgotten', () => {
  it('ended as records say', () => {
    const past = { id: '7', name: 'x', state: 'FAILED', exitCode: 3 };
    expect(pastStateOf(past, 'completion log')).toEqual({
      id: '7',
      state: 'Failed',
      detail: 'FAILED, exit code 3, by the completion log',
      exitCode: 3,
    });
  });

  it.each(['RUNNING', 'PENDING', 'RESIZING', 'UNKNOWN'])('is Unknown when they say %s', (state) => {
    expect(pastStateOf({ id: '7', name: 'x', state }, 'accounting').state).toBe('Unknown');
  });

  it('is Unknown without them, and never guessed', () => {
    expect(forgottenState('7', 'none')).toEqual({
      id: '7',
      state: 'Unknown',
      detail:
        'the queue has forgotten it, and this cluster keeps neither accounting nor a completion log that can be read',
    });
    expect(forgottenState('7', 'accounting').detail).toContain('the accounting does not have it');
    expect(vanishedState('7_1').state).toBe('Canceled');
  });
});

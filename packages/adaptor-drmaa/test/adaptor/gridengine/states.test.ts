import { describe, expect, it } from 'vitest';
import { accountedState, queueState } from '../../../src/adaptor/gridengine/states.ts';

const row = (state: string, hosts: string[] = []) => ({ id: '7', name: 'a', state, hosts });

describe('letters of the queue', () => {
  it.each([
    ['qw', 'Pending'],
    ['hqw', 'Pending'],
    ['hRwq', 'Pending'],
    ['Rq', 'Pending'],
    ['t', 'Running'],
    ['r', 'Running'],
    ['Rr', 'Running'],
    ['dr', 'Running'],
    ['s', 'Suspended'],
    ['S', 'Suspended'],
    ['T', 'Suspended'],
    ['ts', 'Suspended'],
    ['Rs', 'Suspended'],
    ['dt', 'Running'],
    ['Eqw', 'Pending'],
    ['?', 'Unknown'],
  ])('%s is %s', (letters, state) => {
    expect(queueState(row(letters)).state).toBe(state);
  });

  it('say where it runs', () => {
    expect(queueState(row('r', ['n1', 'n2']))).toEqual({
      id: '7',
      state: 'Running',
      detail: 'r on n1, n2',
      nodes: ['n1', 'n2'],
    });
  });

  it('say the reason and the way out of an error state', () => {
    expect(queueState(row('Eqw'), "can't chdir to /x")).toEqual({
      id: '7',
      state: 'Pending',
      detail: "Eqw (can't chdir to /x)",
      hint: 'mend what it says and clear it (qmod -cj 7), or create another',
    });
  });

  it('say who is to release it', () => {
    const hintOf = (holds?: string) => queueState(row('hqw'), undefined, [], holds).hint;
    expect(hintOf('u')).toBe('have it released: qrls 7');
    expect(hintOf('uo')).toBe('have an operator release it: qrls -h uo 7');
    // It waits for another to be over.
    expect(hintOf()).toBeUndefined();
  });
});

it('is unknown of what is to be deleted on a host that is not heard of', () => {
  const deleted = row('dr', ['n1', 'n2']);
  expect(queueState(deleted, undefined, ['n2'])).toEqual({
    id: '7',
    state: 'Unknown',
    detail: 'dr on n1, n2: it is to be deleted, and Grid Engine hears nothing of n2',
    hint: expect.stringContaining('qdel -f 7'),
  });
  expect(queueState(deleted).state).toBe('Running');
  // Its agents may well be in touch.
  expect(queueState(row('r', ['n2']), undefined, ['n2']).state).toBe('Running');
});

describe('records of the accounting', () => {
  const record = { id: '7', name: 'a', failed: '0' };

  it('say how it ended', () => {
    expect(accountedState({ ...record, exitCode: 0 }, false)).toEqual({
      id: '7',
      state: 'Done',
      detail: 'exit code 0, by the accounting',
      exitCode: 0,
    });
    expect(accountedState({ ...record, exitCode: 3 }, false).state).toBe('Failed');
  });

  it('say what ended it, and whether we did', () => {
    const killed = { ...record, failed: '100 : assumedly after job', signal: 'SIGKILL' };
    expect(accountedState(killed, false)).toMatchObject({ state: 'Failed', signal: 'SIGKILL' });
    expect(accountedState(killed, true).state).toBe('Canceled');
  });

  it('say that somebody has deleted it, and not that it was over a limit', () => {
    expect(accountedState({ ...record, exitCode: 140 }, false)).toMatchObject({
      state: 'Canceled',
      detail: 'deleted while it ran, by the accounting',
    });
    const failed = '37 : qmaster enforced h_rt, h_cpu, or h_vmem limit';
    expect(accountedState({ ...record, failed, signal: 'SIGUSR2' }, false)).toMatchObject({
      state: 'Failed',
      detail: `failed ${failed}, ended by SIGUSR2, by the accounting`,
    });
  });

  it('are no good end of what was deleted by force', () => {
    expect(accountedState({ ...record, isForced: true }, false).state).toBe('Failed');
  });

  it('are no end when it goes back into the queue', () => {
    const again = { ...record, failed: '25  : rescheduling', exitCode: 0 };
    expect(accountedState(again, false).state).toBe('Unknown');
  });
});

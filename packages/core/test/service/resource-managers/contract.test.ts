import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Gateway, NativeState, ResourceManager } from '../../../src/adaptor/adaptor.ts';
import { AdaptorError, PilotError } from '../../../src/model/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import {
  asked,
  heldGateway,
  heldToContract,
  UnmeantError,
} from '../../../src/service/resource-managers/contract.ts';

const nothing = { submit: async () => '1', cancel: async () => {}, close: async () => {} };

/** A connection with what a test says, and the warnings about it. */
function held(more: object): { manager: ResourceManager; warned: string[] } {
  const warned: string[] = [];
  const log = { ...silentLog, warn: (_: unknown, words?: string) => void warned.push(`${words}`) };
  const given = Object.freeze({ ...nothing, ...more });
  return { manager: heldToContract(given as never, { scheme: 'fake', log }), warned };
}

/** What is read of a state, where it is asked for and where it is pushed. */
async function read(said: unknown) {
  const { manager, warned } = held({
    states: async () => [said, said],
    states$: {
      subscribe: (next: (state: unknown) => void) => {
        next(said);
        return { unsubscribe() {} };
      },
    },
  });
  const pushed: NativeState[] = [];
  manager.states$?.subscribe((state) => pushed.push(state));
  const polled = (await manager.states?.([])) ?? [];
  expect(polled).toEqual([...pushed, ...pushed]);
  return { state: polled[0], warned };
}

const problemOf = (code: string, problem: string) => expect.objectContaining({ code, problem });

describe('a state of an adaptor', () => {
  it('is as it was given where it keeps the contract', async () => {
    const whole = { id: '1', state: 'Failed', detail: 'FAILED', hint: 'ask', exitCode: 3 };
    const said = { ...whole, signal: 'SIGKILL', nodes: ['n1', 'n2'] };
    expect(await read(said)).toEqual({ state: said, warned: [] });
  });

  it.each([null, undefined, 3, 'x', {}, { id: 1, state: 'Done', detail: '' }])(
    'that names no native job is passed over, with a warning: %j',
    async (said) => {
      const { state, warned } = await read(said);
      expect(state).toBeUndefined();
      expect(warned).toHaveLength(2);
      expect(warned[0]).toMatch(/^states\$ of fake:\/\/ has given .* which names no native job/);
      expect(warned[1]).toMatch(/^states\(\) of fake:\/\/ has given .* which names no native job/);
    },
  );

  it.each([
    ['nodes', 'n1'],
    ['nodes', [null, 3]],
    ['hint', 42],
    ['exitCode', 'x'],
    ['signal', 9],
    ['detail', { a: 1 }],
  ])('is read without what is not as its field is: %s %j', async (name, value) => {
    const { state, warned } = await read({
      id: '1',
      state: 'Running',
      detail: 'as is',
      [name]: value,
    });
    const rest = name === 'detail' ? 'Running' : 'as is';
    expect(state).toEqual({ id: '1', state: 'Running', detail: rest });
    expect(warned[1]).toContain(`states() of fake:// has given the ${name} `);
  });

  it('may have nothing that can be read at all', async () => {
    const evil = {
      get id() {
        throw new Error('no');
      },
    };
    const { state, warned } = await read(evil);
    expect(state).toBeUndefined();
    expect(warned[1]).toBe('states() of fake:// has given a state that cannot be read');
  });

  it('has words on one line that can be kept', async () => {
    const detail = `\u001b[2Jred\nline${'d'.repeat(1_000_000)}`;
    const { state } = await read({ id: '1', state: {}, detail, hint: 'do\nthis\n' });
    expect(state?.detail).toMatch(/^\\x1b\[2Jred\\nlined+…$/);
    expect(state?.detail.length).toBeLessThan(1100);
    expect(state).toMatchObject({ hint: 'do\\nthis', state: '{}' });
  });
});

describe('an answer that is none is an error that names adaptor and method', () => {
  const calls: [string, unknown, string][] = [
    ['states', null, 'states() of fake:// has given null, which is no list of states'],
    ['submit', 7, 'submit() of fake:// has given no native id, but 7'],
    ['submit', '', "submit() of fake:// has given no native id, but ''"],
    ['find', 5, 'find() of fake:// has given 5, which is no native id'],
    ['render', 5, 'render() of fake:// has given 5, which is no text'],
    ['info', 'x', "info() of fake:// has given 'x', which says nothing"],
  ];
  it.each(calls)('%s %j', async (name, answer, problem) => {
    const { manager } = held({ [name]: async () => answer });
    const call = manager[name as 'info'];
    await expect(call()).rejects.toEqual(problemOf('ADAPTOR_FAILED', problem));
  });

  it.each([
    [{ cores: -1 }, 'has given -1 cores'],
    [{ cores: Number.NaN }, 'has given NaN cores'],
    [{ cores: '2' }, "has given '2' cores"],
    [{ memory: -1 }, 'has given -1 bytes of memory'],
    ['all', "has given 'all'"],
  ])('offer %j', (offer, problem) => {
    const { manager } = held({ offer: () => offer });
    const words = `offer() of fake:// ${problem}`;
    expect(() => manager.offer?.({})).toThrow(problemOf('ADAPTOR_FAILED', words));
  });

  const badIds: [string, string][] = [
    ['12\n', 'the native id "12\\n", which has a line break or control character'],
    ['\u001b[2J', 'the native id "\\u001b[2J", which has a line break or control character'],
    ['a\u2028b', 'the native id "a\u2028b", which has a line break or control character'],
    ['\ud800', 'the native id "\\ud800", which has a line break or control character'],
    ['9'.repeat(1001), `a native id of 1001 characters, which begins '${'9'.repeat(50)}'`],
  ];
  it.each(badIds)('native id %j', async (id, problem) => {
    const { manager } = held({ submit: async () => id, find: async () => id });
    const about = (name: string) =>
      problemOf('ADAPTOR_FAILED', `${name}() of fake:// has given ${problem}`);
    await expect(manager.submit({} as never)).rejects.toEqual(about('submit'));
    await expect(manager.find?.('name')).rejects.toEqual(about('find'));
  });

  it('a native id may have blanks and letters of any script, and be long', async () => {
    const id = `job 7 \u{1f40c} é ${'x'.repeat(900)}`;
    const { manager } = held({ submit: async () => id, find: async () => id });
    expect([await manager.submit({} as never), await manager.find?.('name')]).toEqual([id, id]);
  });

  it('that there is nothing is an answer of find() and offer()', async () => {
    const { manager } = held({ find: async () => null, offer: () => null });
    expect(await manager.find?.('name')).toBeUndefined();
    expect(manager.offer?.({})).toEqual({});
  });
});

describe('what an adaptor throws', () => {
  const thrown: [unknown, string][] = [
    [undefined, 'without a word'],
    [new Error(''), 'without a word'],
    [null, 'with null'],
    ['a string', "with 'a string'"],
    [{ message: 'm' }, "with 'm'"],
  ];
  it.each(thrown)('has a code and words in the end: %j', async (error, how) => {
    const fail = async () => {
      throw error;
    };
    const about = (name: string) =>
      problemOf('ADAPTOR_FAILED', `${name}() of fake:// has failed ${how}`);
    const { manager, warned } = held({ submit: fail, offer: throws(error) });
    const failed = manager.submit({} as never);
    await expect(failed).rejects.toEqual(about('submit'));
    // Whether it was accepted is not said with it.
    await expect(failed).rejects.toBeInstanceOf(UnmeantError);
    await expect(failed).rejects.toBeInstanceOf(AdaptorError);
    expect(() => manager.offer?.({})).toThrow(about('offer'));
    await expect(asked('fake', 'connect', fail)).rejects.toEqual(about('connect'));
    const gateway = heldGateway({ fetch: fail } as unknown as Gateway, 'fake');
    await expect(gateway.fetch('x')).rejects.toEqual(about('fetch'));
    expect(warned).toEqual([]);
  });

  it.each([new TypeError('x'), new PilotError('TIMEOUT', 'late')])(
    'is %s itself',
    async (error) => {
      const { manager } = held({ cancel: throws(error) });
      await expect(manager.cancel([])).rejects.toBe(error);
    },
  );

  it('out of kill() and of a subscription ends nothing', () => {
    const states$ = { subscribe: () => ({ unsubscribe: throws('u') }) };
    const { manager, warned } = held({ kill: throws(undefined), states$ });
    manager.kill?.([]);
    manager.states$?.subscribe(() => {}).unsubscribe();
    expect(warned).toEqual([
      'kill() of fake:// has failed: undefined',
      'unsubscribe() of states$ of fake:// has failed: u',
    ]);
  });
});

describe('what nobody waits for and rejects', () => {
  const rejects = async (): Promise<never> => {
    throw new Error('late');
  };
  const warnings: [string, object, string][] = [
    ['kill()', { kill: rejects }, 'kill() of fake:// has failed: late'],
    [
      'unsubscribe()',
      { states$: { subscribe: () => ({ unsubscribe: rejects }) } },
      'unsubscribe() of states$ of fake:// has failed: late',
    ],
    [
      'subscribe()',
      { states$: { subscribe: rejects } },
      'states$.subscribe() of fake:// has failed: late',
    ],
    ['offer()', { offer: rejects }, 'offer() of fake:// has given a promise'],
  ];
  it.each(warnings)('ends no program: %s', async (_, more, words) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    onTestFinished(() => void process.off('unhandledRejection', unhandled));
    const { manager, warned } = held(more);
    manager.kill?.([]);
    manager.states$?.subscribe(() => {}).unsubscribe();
    if (manager.offer) expect(() => manager.offer?.({})).toThrow(words);
    else await vi.waitFor(() => expect(warned).toContain(words));
    // Node tells of rejections once the microtasks of a turn are done.
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('what an adaptor gives in place of a connection is named', () => {
  it.each([
    [null, 'has given no connection, but null'],
    [{}, 'has given a connection without submit()'],
    [{ ...nothing, close: undefined }, 'has given a connection without close()'],
    [
      { ...nothing, pollIntervalMs: Number.NaN },
      'has given a connection whose pollIntervalMs is NaN',
    ],
    [{ ...nothing, pollIntervalMs: -5 }, 'has given a connection whose pollIntervalMs is -5'],
    [
      { ...nothing, registrationTimeoutMs: '5' },
      "has given a connection whose registrationTimeoutMs is '5'",
    ],
    [{ ...nothing, states$: 3 }, 'has given a connection whose states$ has no subscribe()'],
  ])('%j', (manager, problem) => {
    const hold = () => heldToContract(manager as never, { scheme: 'fake', log: silentLog });
    expect(hold).toThrow(problemOf('ADAPTOR_FAILED', `connect() of fake:// ${problem}`));
  });

  it('and of what is not there when it is asked for', async () => {
    const { manager } = held({});
    const problem = 'render() of fake:// is not there';
    await expect(manager.render({} as never)).rejects.toEqual(problemOf('ADAPTOR_FAILED', problem));
  });
});

function throws(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** Adaptors that break one promise each, about what fails, about many, and about work. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdaptorError, type NativeState, PilotError } from '@pstar/core/adaptor';
import type { Defect } from './toy-adaptor.ts';

const failed = (id: string): NativeState => ({ id, state: 'Failed', detail: 'no answer' });

/** Has something else made of errors of one code, in one method. */
function instead<K extends 'submit' | 'states' | 'find' | 'cancel'>(
  method: K,
  code: PilotError['code'],
  make: (error: PilotError, argument: unknown) => unknown,
): NonNullable<Defect['manager']> {
  return ({ good }) => ({
    [method]: async (argument: never, ...more: never[]) => {
      try {
        return await (good[method] as (...all: never[]) => Promise<unknown>)(argument, ...more);
      } catch (error) {
        if (error instanceof PilotError && error.code === code) return make(error, argument);
        throw error;
      }
    },
  });
}

const rethrow = (code: PilotError['code'], problem: string) => () => {
  throw new AdaptorError(code, problem);
};
const allFailed = (_: PilotError, ids: unknown) => (ids as string[]).map(failed);

/** What is wrong when the resource manager is, or is elsewhere. */
export const FAILING: readonly Defect[] = [
  {
    what: 'writes for nodes where it runs itself',
    fails: ['files:there'],
    spec: async (spec, { directory }) => {
      await writeFile(join(directory, 'script.sh'), spec.script);
      return spec;
    },
  },
  {
    what: 'names files of its own to commands',
    fails: ['files:there'],
    manager: ({ good, toy, context }) => ({
      submit: async (launch, options) => {
        const file = join(context.directory, launch.name);
        await writeFile(file, '');
        await toy(['states', `--file=${file}`], options);
        return good.submit(launch, options);
      },
    }),
  },
  {
    what: 'does not say what is missing',
    fails: ['faults:tool-missing'],
    manager: instead('submit', 'NOT_FOUND', rethrow('NOT_FOUND', 'something is missing')),
  },
  {
    what: 'does not say how a command has failed',
    fails: ['faults:failing', 'submit:refused', 'work:refused'],
    manager: instead('submit', 'ADAPTOR_FAILED', rethrow('ADAPTOR_FAILED', 'toy has failed')),
  },
  {
    what: 'takes nonsense for an id',
    fails: ['faults:garbage'],
    manager: ({ good }) => ({
      submit: (launch, options) =>
        good.submit(launch, options).catch((error: PilotError) => {
          if (error.message.includes('nonsense')) return 'nonsense';
          throw error;
        }),
    }),
  },
  {
    what: 'has a lot of patience with commands',
    fails: ['faults:hanging'],
    manager: ({ good, toy }) => ({
      submit: async (launch, options) => {
        await toy(['states'], { ...options, timeoutMs: 3_600_000 });
        return good.submit(launch, options);
      },
    }),
  },
  {
    what: 'holds for over what it could not ask about',
    fails: ['faults:states'],
    manager: instead('states', 'TIMEOUT', allFailed),
  },
  {
    what: 'knows nothing of what it could not ask about',
    fails: ['faults:states'],
    manager: instead('states', 'TIMEOUT', () => []),
  },
  {
    what: 'takes silence for an end',
    fails: ['faults:silence'],
    manager: ({ good }) => ({
      states: async (ids) => {
        const said = await good.states?.(ids).catch((error: PilotError) => {
          if (error.message.endsWith('nonsense: ')) return ids.map(failed);
          throw error;
        });
        return said ?? [];
      },
    }),
  },
  {
    what: 'finds nothing when it could not look',
    fails: ['faults:find'],
    manager: instead('find', 'TIMEOUT', () => undefined),
  },
  {
    what: 'forgets a cancellation that has failed',
    fails: ['faults:cancel'],
    manager: instead('cancel', 'TIMEOUT', () => undefined),
  },
  {
    what: 'forgets that the second of two cancellations has failed',
    fails: ['faults:cancel-some'],
    manager: ({ good }) => ({
      cancel: async (ids) => {
        await good.cancel(ids.slice(0, 1));
        if (ids.length > 1) await good.cancel(ids.slice(1)).catch(() => {});
      },
    }),
  },
  {
    what: 'submits again what had no answer',
    fails: ['faults:lost-answer'],
    manager: ({ good }) => ({
      submit: async (launch, options) => {
        try {
          return await good.submit(launch, options);
        } catch (error) {
          if (!(error instanceof PilotError && error.code === 'TIMEOUT')) throw error;
          return good.submit(launch, options);
        }
      },
    }),
  },
  {
    what: 'holds for over what runs while nobody answers',
    fails: ['down:states'],
    manager: instead('states', 'RESOURCE_MANAGER_UNREACHABLE', allFailed),
  },
  {
    what: 'knows nothing while nobody answers',
    fails: ['down:states'],
    manager: instead('states', 'RESOURCE_MANAGER_UNREACHABLE', () => []),
  },
  {
    what: 'refuses for good what may be accepted later',
    fails: ['down:submit'],
    manager: instead(
      'submit',
      'RESOURCE_MANAGER_UNREACHABLE',
      rethrow('ADAPTOR_FAILED', 'there is no contact'),
    ),
  },
  {
    what: 'finds nothing while nobody answers',
    fails: ['down:find'],
    manager: instead('find', 'RESOURCE_MANAGER_UNREACHABLE', () => undefined),
  },
  {
    what: 'asks about a few at a time',
    fails: ['scale:many'],
    manager: ({ good }) => ({
      states: async (ids) => {
        const said: NativeState[] = [];
        for (let at = 0; at < ids.length; at += 5) {
          said.push(...((await good.states?.(ids.slice(at, at + 5))) ?? []));
        }
        return said;
      },
    }),
  },
  {
    what: 'closes once',
    fails: ['close:twice'],
    manager: () => {
      let isClosed = false;
      return {
        close: async () => {
          if (isClosed) throw new AdaptorError('ADAPTOR_FAILED', 'it is closed');
          isClosed = true;
        },
      };
    },
  },
  {
    what: 'leaves a timer behind',
    fails: ['close:lets-end'],
    manager: () => {
      // Longer than it is tried for; by then it holds nobody up.
      setTimeout(() => {}, 30_000);
      return {};
    },
  },
  {
    what: 'ends with the connection what runs',
    fails: ['close:lives-on'],
    manager: ({ good }) => {
      const own: string[] = [];
      return {
        submit: async (launch, options) => {
          const id = await good.submit(launch, options);
          own.push(id);
          return id;
        },
        close: () => good.cancel(own),
      };
    },
  },
  {
    what: 'has agents offer as many cores as any node has',
    fails: ['work:cores'],
    manager: () => ({ offer: () => ({ cores: 1024 }) }),
  },
  {
    what: 'starts no agent',
    fails: [
      'work:units',
      'work:cores',
      'work:parallel',
      'work:cancel',
      'work:limit',
      'work:outside',
    ],
    spec: (spec, { command }) =>
      /agent\.mjs/.test(`${command}`) ? { ...spec, script: 'exit 1' } : spec,
  },
  {
    what: 'starts the agent of the first pilot for all',
    fails: ['work:parallel'],
    manager: ({ good }) => {
      let first: readonly string[] | undefined;
      return {
        submit: async (launch, options) => {
          const isAgent = /agent\.mjs/.test(`${launch.command}`);
          if (isAgent) first ??= launch.command;
          const command = isAgent && first !== undefined ? first : launch.command;
          return good.submit({ ...launch, command }, options);
        },
      };
    },
  },
  {
    what: 'does not see agents end',
    fails: ['work:cancel', 'work:limit', 'work:outside'],
    state: (state, { spec }) =>
      /agent\.mjs/.test(spec.script) ? { ...state, state: 'Running' } : state,
  },
  {
    what: 'ends a pilot before its limit, and without a word to it',
    fails: ['work:limit'],
    manager: ({ queue, good }) => ({
      submit: async (launch, options) => {
        const id = await good.submit(launch, options);
        const entry = queue.entries.get(id);
        if (launch.description.wallTimeLimit === 3 && entry) {
          setTimeout(() => queue.lose(entry), 1500);
        }
        return id;
      },
    }),
  },
];

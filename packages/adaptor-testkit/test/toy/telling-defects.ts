/** Adaptors that break one promise each, about what is said of native jobs. */
import type { NativeState } from '@pstar/core/adaptor';
import type { Defect } from './toy-adaptor.ts';
import type { ToyEntry } from './toy-queue.ts';

const isEnd = ({ state }: NativeState) => ['Done', 'Canceled', 'Failed'].includes(state);
/** Of whom an end was told. */
const told = new WeakSet<ToyEntry>();

/** What is wrong with what is said of native jobs. */
export const TELLING: readonly Defect[] = [
  {
    what: 'has no words for what runs',
    fails: ['states:running'],
    state: (state) => (state.state === 'Running' ? { ...state, detail: '' } : state),
  },
  {
    what: 'has an exit code of its own for what ended well',
    fails: ['states:done'],
    state: (state) => (state.state === 'Done' ? { ...state, exitCode: 1 } : state),
  },
  {
    what: 'loses exit codes',
    fails: ['states:failed'],
    state: ({ id, state, detail }) => ({ id, state, detail }),
  },
  {
    what: 'thinks well of what a signal has ended',
    fails: ['states:killed'],
    state: (state) => (state.signal === undefined ? state : { ...state, state: 'Done' }),
  },
  {
    what: 'holds for over what it does not know',
    fails: ['states:unknown'],
    manager: ({ good }) => ({
      states: async (ids) => [
        ...((await good.states?.(ids)) ?? []),
        ...ids
          .filter((id) => !id.startsWith('toy-'))
          .map((id): NativeState => ({ id, state: 'Done', detail: 'not there' })),
      ],
    }),
  },
  {
    what: 'asks for one after the other',
    fails: ['states:bulk', 'scale:many'],
    manager: ({ good }) => ({
      states: async (ids) => {
        const said = await Promise.all(ids.map((id) => good.states?.([id]) ?? []));
        return said.flat();
      },
    }),
  },
  {
    what: 'tells each twice',
    fails: ['states:bulk'],
    manager: ({ good }) => ({
      states: async (ids) => (await good.states?.([...ids, ...ids])) ?? [],
    }),
  },
  {
    what: 'takes an end back when another starts',
    fails: ['states:end-stays'],
    state: (state, entry, queue) => {
      if (!isEnd(state)) return state;
      const isLast = [...queue.entries.keys()].at(-1) === entry.id;
      if (!isLast && told.has(entry)) return { ...state, state: 'Running' };
      told.add(entry);
      return state;
    },
  },
  {
    what: 'pushes other ends than it tells',
    fails: ['states:pushed'],
    manager: ({ good }) => {
      let push = (_: NativeState): void => {};
      return {
        states$: {
          subscribe: (next) => {
            push = next;
            return { unsubscribe: () => {} };
          },
        },
        states: async (ids) => {
          const said = (await good.states?.(ids)) ?? [];
          for (const state of said) if (isEnd(state)) push({ ...state, state: 'Canceled' });
          return said;
        },
      };
    },
  },
  {
    what: 'finds nothing that this connection has submitted',
    fails: [
      'find:launch',
      'find:exact',
      'find:ended',
      'faults:lost-answer',
      'faults:find',
      'down:find',
    ],
    manager: ({ good }) => {
      const own = new Set<string>();
      return {
        submit: async (launch, options) => {
          const id = await good.submit(launch, options);
          own.add(launch.name);
          return id;
        },
        find: async (name) => (own.has(name) ? undefined : good.find?.(name)),
      };
    },
  },
  {
    what: 'finds only what this connection has submitted',
    fails: ['find:elsewhere', 'find:parallel', 'close:lives-on'],
    manager: ({ good }) => {
      const own = new Set<string>();
      return {
        submit: async (launch, options) => {
          own.add(launch.name);
          return good.submit(launch, options);
        },
        find: async (name) => (own.has(name) ? good.find?.(name) : undefined),
      };
    },
  },
  {
    what: 'finds whatever there is',
    fails: ['find:unknown', 'find:exact'],
    manager: ({ queue, good }) => ({
      find: async (name) => (await good.find?.(name)) ?? running(queue.entries.values())?.id,
    }),
  },
  {
    what: 'finds what begins like it',
    fails: ['find:exact'],
    manager: ({ queue, good }) => ({
      find: async (name) => {
        const found = [...queue.entries.values()].find(({ spec }) => spec.name.startsWith(name));
        return found?.id ?? good.find?.(name);
      },
    }),
  },
  {
    what: 'finds what ends like it',
    fails: ['find:exact'],
    manager: ({ queue, good }) => ({
      find: async (name) => {
        const found = [...queue.entries.values()].find(({ spec }) => spec.name.endsWith(name));
        return found?.id ?? good.find?.(name);
      },
    }),
  },
  {
    what: 'finds nothing that is over',
    fails: ['find:ended'],
    manager: ({ queue, good }) => ({
      find: async (name) => {
        const id = await good.find?.(name);
        const state = queue.entries.get(id ?? '')?.state ?? '';
        return ['Done', 'Failed'].includes(state) ? undefined : id;
      },
    }),
  },
  {
    what: 'finds the first of several that were submitted at the same time',
    fails: ['find:parallel'],
    manager: ({ good }) => {
      let atOnce = 0;
      return {
        submit: async (launch, options) => {
          atOnce += 1;
          const name = atOnce > 1 ? `${launch.name}-${atOnce}` : launch.name;
          try {
            return await good.submit({ ...launch, name }, options);
          } finally {
            atOnce -= 1;
          }
        },
      };
    },
  },
];

function running(entries: Iterable<ToyEntry>): ToyEntry | undefined {
  return [...entries].find(({ state }) => state === 'Running');
}

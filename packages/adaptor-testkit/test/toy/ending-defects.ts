/** Adaptors that break one promise each, about ending native jobs, and about what others do. */
import { AdaptorError } from '@pstar/core/adaptor';
import type { Defect, ToyParts } from './toy-adaptor.ts';
import type { ToyEntry } from './toy-queue.ts';

const failure = () => new AdaptorError('ADAPTOR_FAILED', 'it did not go well');

/** Cancels only those of which this holds. */
function cancelOnly(
  holds: (entry: ToyEntry, parts: ToyParts) => boolean,
): NonNullable<Defect['manager']> {
  return (parts) => ({
    cancel: async (ids) => {
      const entries = ids.flatMap((id) => parts.queue.entries.get(id) ?? []);
      const some = entries.filter((entry) => holds(entry, parts));
      await parts.good.cancel(some.map(({ id }) => id));
    },
  });
}

/** What is wrong with ends. */
export const ENDING: readonly Defect[] = [
  {
    what: 'ends nothing that runs',
    fails: [
      'cancel:running',
      'cancel:grace',
      'cancel:slow',
      'cancel:unknown',
      'cancel:twice',
      'cancel:elsewhere',
      'cancel:others',
      'cancel:bulk',
    ],
    manager: cancelOnly(({ state }) => state !== 'Running'),
  },
  {
    what: 'kills at once',
    fails: ['cancel:grace', 'cancel:slow'],
    manager: ({ queue, good }) => ({
      cancel: async (ids) => {
        for (const id of ids) {
          const entry = queue.entries.get(id);
          if (entry !== undefined) queue.cancel(entry, 'SIGKILL');
        }
        await good.cancel(ids);
      },
    }),
  },
  {
    what: 'calls canceled what has only been told to end',
    fails: ['cancel:slow'],
    state: (state, { isCanceled }) => (isCanceled ? { ...state, state: 'Canceled' } : state),
  },
  {
    what: 'ends nothing that waits',
    fails: ['cancel:pending', 'cancel:held'],
    manager: cancelOnly(({ state }) => state !== 'Pending'),
  },
  {
    what: 'ends nothing that is held',
    fails: ['cancel:held'],
    manager: cancelOnly(({ detail }) => detail !== 'held'),
  },
  {
    what: 'ends nothing that is suspended',
    fails: ['cancel:suspended'],
    manager: cancelOnly(({ state }) => state !== 'Suspended'),
  },
  {
    what: 'calls canceled what was over before',
    fails: ['cancel:ended'],
    manager: ({ queue, good }) => ({
      cancel: async (ids) => {
        await good.cancel(ids);
        for (const id of ids) {
          const entry = queue.entries.get(id);
          if (entry?.state === 'Done') entry.state = 'Canceled';
        }
      },
    }),
  },
  {
    what: 'refuses ids that it does not know',
    fails: ['cancel:unknown'],
    manager: ({ queue, good }) => ({
      cancel: async (ids) => {
        if (!ids.every((id) => queue.entries.has(id))) throw failure();
        await good.cancel(ids);
      },
    }),
  },
  {
    what: 'refuses to cancel again',
    fails: ['cancel:twice'],
    manager: ({ queue, good }) => ({
      cancel: async (ids) => {
        if (ids.some((id) => queue.entries.get(id)?.state === 'Canceled')) throw failure();
        await good.cancel(ids);
      },
    }),
  },
  {
    what: 'ends only what this connection has submitted',
    fails: ['cancel:elsewhere'],
    manager: ({ good }) => {
      const own = new Set<string>();
      return {
        submit: async (launch, options) => {
          const id = await good.submit(launch, options);
          own.add(id);
          return id;
        },
        cancel: (ids) => good.cancel(ids.filter((id) => own.has(id))),
      };
    },
  },
  {
    what: 'ends all that there is',
    fails: ['cancel:others'],
    manager: ({ queue, good }) => ({ cancel: () => good.cancel([...queue.entries.keys()]) }),
  },
  {
    what: 'ends one after the other',
    fails: ['cancel:bulk', 'scale:many'],
    manager: ({ good }) => ({
      cancel: async (ids) => {
        for (const id of ids) await good.cancel([id]);
      },
    }),
  },
  {
    what: 'keeps signals to itself',
    fails: ['signal:running'],
    manager: () => ({ signal: async () => {} }),
  },
  {
    what: 'does not know what others have canceled',
    fails: ['outside:canceled', 'work:outside'],
    options: ({ queue, outside }) => ({
      outside: {
        ...outside,
        cancel: async (id) => {
          const entry = queue.entries.get(id);
          if (entry !== undefined) queue.cancel(entry);
          queue.entries.delete(id);
        },
      },
    }),
  },
  {
    what: 'holds for running what is lost',
    fails: ['outside:lost'],
    state: (state, { detail }) =>
      detail.includes('lost') ? { ...state, state: 'Running' } : state,
  },
  {
    what: 'holds for running what is stopped',
    fails: ['outside:suspended', 'cancel:suspended'],
    state: (state) => (state.state === 'Suspended' ? { ...state, state: 'Running' } : state),
  },
  {
    what: 'has another word for what is held',
    fails: ['outside:held'],
    state: (state) => (state.detail === 'held' ? { ...state, state: 'Suspended' } : state),
  },
  {
    what: 'holds for over what is requeued',
    fails: ['outside:requeued'],
    state: (state) => (state.detail === 'requeued' ? { ...state, state: 'Failed' } : state),
  },
  {
    what: 'rejects when one is forgotten',
    fails: ['outside:forgotten'],
    manager: ({ queue, good }) => ({
      states: async (ids) => {
        const isGone = (id: string) => id.startsWith('toy-') && !queue.entries.has(id);
        if (ids.some(isGone)) throw failure();
        return good.states?.(ids) ?? [];
      },
    }),
  },
  {
    what: 'makes up an exit code for what is forgotten',
    fails: ['outside:forgotten'],
    manager: ({ queue, good }) => ({
      states: async (ids) => [
        ...((await good.states?.(ids)) ?? []),
        ...ids
          .filter((id) => id.startsWith('toy-') && !queue.entries.has(id))
          .map((id) => ({ id, state: 'Done', detail: 'not there', exitCode: 0 }) as const),
      ],
    }),
  },
  {
    what: 'calls it by the name of the launch',
    fails: ['outside:name'],
    spec: (spec) => ({ ...spec, title: spec.name }),
  },
];

/** The adaptor of the toy, which keeps every promise, and a way to break it. */
import {
  type Adaptor,
  AdaptorError,
  type AgentLaunch,
  agentScript,
  type CommandOptions,
  type ConnectContext,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '@pstar/core/adaptor';
import type { ConformanceOptions } from '../../src/options.ts';
import { type ToyEntry, ToyQueue, ToyRunner, type ToySpec } from './toy-queue.ts';

/** What a defect gets to do its harm. */
export interface ToyParts {
  readonly queue: ToyQueue;
  readonly context: ConnectContext;
  readonly good: ResourceManager;
  /** Runs a command of the toy. */
  toy(command: readonly string[], options?: CommandOptions): Promise<unknown>;
}

/** What the kit is told of a toy, and the toy. */
export interface ToyOptions extends ConformanceOptions {
  readonly queue: ToyQueue;
}

/** How an adaptor is broken, and what it therefore fails. */
export interface Defect {
  /** In words. */
  readonly what: string;
  /** The requirement that is meant for it, then those that cannot be met without that one. */
  readonly fails: readonly [string, ...string[]];
  /** What differs in the adaptor. */
  adaptor?(good: Adaptor): Partial<Adaptor>;
  /** What differs in a connection. */
  manager?(parts: ToyParts): Partial<ResourceManager>;
  /** What differs in what is handed over. */
  spec?(spec: ToySpec, launch: AgentLaunch): ToySpec | Promise<ToySpec>;
  /** What differs in what is said of a native job. */
  state?(state: NativeState, entry: ToyEntry, queue: ToyQueue): NativeState;
  /** What differs in what the kit is told. */
  options?(good: ToyOptions): Partial<ConformanceOptions>;
}

/** A toy of its own, with what the kit is told of it. */
export function toyOptions(defect?: Defect): ToyOptions {
  const options = goodOptions(defect);
  return { ...options, ...defect?.options?.(options) };
}

function goodOptions(defect?: Defect): ToyOptions {
  const queue = new ToyQueue();
  const entry = (id: string) => queue.entries.get(id) as ToyEntry;
  return {
    queue,
    adaptor: toyAdaptor(queue, defect),
    rm: 'toy://',
    runner: new ToyRunner(queue),
    examples: { queue: { queue: 'now' } },
    pending: { queue: 'later' },
    refused: { description: { queue: 'nowhere' }, says: /no queue nowhere/ },
    load: { count: 40, because: 'a process each is much for a test of a test' },
    patienceMs: 5000,
    outside: {
      cancel: async (id) => queue.cancel(entry(id)),
      lose: async (id) => queue.lose(entry(id)),
      forget: async (id) => queue.entries.delete(id),
      suspend: async (id) => queue.suspend(entry(id)),
      resume: async (id) => queue.resume(entry(id)),
      hold: async (id) => queue.hold(entry(id)),
      requeue: async (id) => queue.requeue(entry(id)),
      show: async (id) => entry(id).spec.title,
      down: async () => {
        queue.isDown = true;
      },
      up: async () => {
        queue.isDown = false;
      },
    },
    cannot: { 'work:reopened': 'it is in memory, and gone with its program' },
  };
}

function toyAdaptor(queue: ToyQueue, defect?: Defect): Adaptor {
  const good = defineAdaptor({
    scheme: 'toy',
    attributes: ['initCommands', 'queue', 'totalCpuCount', 'wallTimeLimit'],
    connect: async (_rm, context) => {
      const toy = commandsOf(context);
      const manager = toyManager(toy, defect, queue);
      return { ...manager, ...defect?.manager?.({ queue, context, good: manager, toy }) };
    },
  });
  return Object.defineProperties(
    { ...good },
    Object.getOwnPropertyDescriptors(defect?.adaptor?.(good) ?? {}),
  );
}

function toyManager(toy: ToyParts['toy'], defect: Defect | undefined, queue: ToyQueue) {
  const manager: ResourceManager = {
    submit: async (launch, { signal } = {}) => {
      signal?.throwIfAborted();
      const spec = specOf(launch);
      const input = JSON.stringify((await defect?.spec?.(spec, launch)) ?? spec);
      return textOf(await toy(['submit'], { input, ...(signal !== undefined && { signal }) }));
    },
    states: async (ids) => {
      const said = (await toy(['states', ...ids])) as NativeState[];
      return said.map((state) => {
        const entry = queue.entries.get(state.id);
        return (entry && defect?.state?.(state, entry, queue)) ?? state;
      });
    },
    find: async (name) => {
      const found = await toy(['find', name]);
      return found === null ? undefined : textOf(found);
    },
    cancel: async (ids) => void (await toy(['cancel', ...ids])),
    signal: async (id, signal) => void (await toy(['signal', id, signal])),
    render: async (launch) => specOf(launch).script,
    info: async () => ({ name: 'toy 1' }),
    offer: ({ totalCpuCount }) => ({ ...(totalCpuCount && { cores: totalCpuCount }) }),
    close: async () => {},
    pollIntervalMs: 50,
  };
  return manager;
}

/** What a launch is to the toy. */
function specOf(launch: AgentLaunch): ToySpec {
  const { name, description, directory, logFile, environment } = launch;
  const { queue = 'now', name: title = name } = description;
  const script = agentScript({ ...launch, environment: {} });
  return { name, title, queue, script, directory, logFile, environment };
}

function commandsOf({ runner }: ConnectContext): ToyParts['toy'] {
  return async (command, options = {}) => {
    const { exitCode, stdout, stderr } = await runner.run(['toy', ...command], options);
    if (exitCode !== 0) {
      const isAway = stderr.includes('no contact');
      throw new AdaptorError(isAway ? 'RESOURCE_MANAGER_UNREACHABLE' : 'ADAPTOR_FAILED', stderr);
    }
    try {
      return (JSON.parse(stdout) as { answer: unknown }).answer;
    } catch (cause) {
      throw new AdaptorError('ADAPTOR_FAILED', `toy writes nonsense: ${stdout}`, { cause });
    }
  };
}

function textOf(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  throw new AdaptorError('ADAPTOR_FAILED', `toy gives no id: ${JSON.stringify(answer)}`);
}

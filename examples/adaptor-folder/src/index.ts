/** `folder:///home/me/queue`: pilots in a queue that is a directory of files. */
import { fileURLToPath } from 'node:url';
import {
  AdaptorError,
  type AgentLaunch,
  type AgentOffer,
  agentScript,
  defineAdaptor,
  type NativeState,
  type ParsedPilotJobDescription,
  PilotError,
  type ResourceManager,
  type ResourceManagerInfo,
  shellQuote,
} from '@pstar/core/adaptor';
import { type Ending, Queue, STAGES, type Stage } from './queue.ts';

/** Hands pilots over to whoever runs what is in a directory. */
export const folderAdaptor = defineAdaptor({
  scheme: 'folder',
  attributes: ['initCommands', 'startTime', 'totalCpuCount', 'totalPhysicalMemory'],
  connect: async (rm) => {
    if (rm.hostname !== '' || rm.pathname === '') {
      throw new PilotError('URL_INVALID', 'folder:// takes the path of a directory', {
        subject: rm.href,
        hint: 'write folder:///home/me/queue',
      });
    }
    const queue = new Queue(fileURLToPath(`file://${rm.pathname}`));
    await told(queue, queue.list('waiting'));
    return new FolderResourceManager(queue);
  },
});

class FolderResourceManager implements ResourceManager {
  readonly pollIntervalMs = 1000;
  readonly #queue: Queue;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  async submit(launch: AgentLaunch, options?: { signal?: AbortSignal }): Promise<string> {
    options?.signal?.throwIfAborted();
    // The time in front makes of the alphabet's order the queue's, the name behind is for find().
    const id = `${launch.description.startTime ?? Date.now()}-${launch.name}`;
    await told(this.#queue, this.#queue.put('waiting', id, script(launch)));
    return id;
  }

  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    const stages = await this.#stages();
    return told(this.#queue, Promise.all(ids.map((id) => this.#stateOf(id, stages.get(id)))));
  }

  async find(launchName: string): Promise<string | undefined> {
    const ids = [...(await this.#stages()).keys()];
    return ids.find((id) => id.slice(id.indexOf('-') + 1) === launchName);
  }

  async cancel(ids: readonly string[]): Promise<void> {
    const stages = await this.#stages();
    const left = ids.filter((id) => (stages.get(id) ?? 'over') !== 'over');
    await told(this.#queue, Promise.all(left.map((id) => this.#cancel(id))));
  }

  async render(launch: AgentLaunch): Promise<string> {
    return script(launch);
  }

  async info(): Promise<ResourceManagerInfo> {
    const [waiting, running] = await Promise.all([
      this.#queue.list('waiting'),
      this.#queue.list('running'),
    ]);
    const details = { waiting: waiting.length, running: running.length };
    return { name: `the folder ${this.#queue.directory}`, details };
  }

  offer({ totalCpuCount, totalPhysicalMemory }: ParsedPilotJobDescription): AgentOffer {
    return {
      ...(totalCpuCount !== undefined && { cores: totalCpuCount }),
      ...(totalPhysicalMemory !== undefined && { memory: totalPhysicalMemory }),
    };
  }

  async close(): Promise<void> {}

  /** Where each is. Read in the order that they move in: what moves meanwhile is not missed. */
  async #stages(): Promise<Map<string, Stage>> {
    const stages = new Map<string, Stage>();
    for (const stage of STAGES) {
      for (const id of await told(this.#queue, this.#queue.list(stage))) stages.set(id, stage);
    }
    return stages;
  }

  async #stateOf(id: string, stage: Stage | undefined): Promise<NativeState> {
    if (stage === 'waiting') return { id, state: 'Pending', detail: 'waiting' };
    if (stage === 'running') return { id, state: 'Running', detail: 'running' };
    if (stage === undefined) return { id, state: 'Unknown', detail: 'there is no such file' };
    return { id, ...ended(await this.#queue.ending(id)) };
  }

  async #cancel(id: string): Promise<void> {
    if (await this.#queue.withdraw(id)) {
      await this.#queue.put('over', id, JSON.stringify({ canceled: true }));
    } else {
      await this.#queue.put('cancel', id, '');
    }
  }
}

/** What a runner gives to a shell: a program for people to read, without a secret. */
function script(launch: AgentLaunch): string {
  const log = shellQuote(launch.logFile);
  // For its owner alone, as the agent's units need not be with what they write.
  const output = `(umask 077; : >>${log})\nexec >>${log} 2>&1\n`;
  return `${output}cd ${shellQuote(launch.directory)} || exit\n${agentScript(launch)}`;
}

function ended({ exitCode = 0, signal, canceled }: Ending): Omit<NativeState, 'id'> {
  if (canceled) return { state: 'Canceled', detail: 'canceled' };
  if (signal !== undefined) return { state: 'Failed', detail: `ended by ${signal}`, signal };
  const detail = `ended with exit code ${exitCode}`;
  return { state: exitCode === 0 ? 'Done' : 'Failed', detail, exitCode };
}

/** What the file system says, as an error that says what to do. */
async function told<T>(queue: Queue, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const options = { subject: queue.directory, cause };
    if (code === 'ENOENT') {
      const hint = `start pstar-folder-runner ${queue.directory}`;
      const problem = 'there is no queue in this directory';
      throw new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', problem, { ...options, hint });
    }
    if (code === 'EACCES') throw new AdaptorError('PERMISSION_DENIED', message, options);
    throw new AdaptorError('ADAPTOR_FAILED', message, options);
  }
}

/**
 * `local://`: agents as processes of this machine, as many as asked for. They are detached and live
 * on without this program; a native job is over when the agent and all that it started is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { availableParallelism, hostname, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { EventEmitter } from 'eventemitter3';
import { AdaptorError, PilotError } from '../model/errors.ts';
import type { ParsedPilotJobDescription } from '../model/pilot-job-description.ts';
import { withoutNodeOptions } from '../protocol/node-options.ts';
import type { Clock } from '../runtime/clock.ts';
import { writeFileAtomic } from '../runtime/files.ts';
import {
  type AgentLaunch,
  type AgentOffer,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
  type ResourceManagerInfo,
  type Subscribable,
} from './adaptor.ts';
import { liveStat, type ProcessRef, signalProcess, statOf } from './local-process.ts';
import { Sweeper } from './local-sweep.ts';
import { agentScript } from './shell.ts';

/** Names the launch in the environment of the agent and of all that it starts. */
const LAUNCH_VARIABLE = 'PSTAR_LAUNCH';
/** From SIGTERM to SIGKILL: an agent's own grace for its units is shorter. */
const GRACE_MS = 15_000;
/** Without waiting for whoever reads a named pipe. */
const LOG_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;

/** Starts agents as processes on this machine. */
export const localAdaptor = defineAdaptor({
  scheme: 'local',
  attributes: ['initCommands', 'totalCpuCount', 'totalPhysicalMemory'],
  connect: async (rm, { clock }) => {
    if (process.platform !== 'linux') {
      throw new AdaptorError(
        'OPERATION_UNSUPPORTED',
        `local:// needs Linux, not ${process.platform}`,
      );
    }
    if (rm.hostname !== '' && rm.hostname !== 'localhost') {
      throw new PilotError('URL_INVALID', 'local:// is this machine', {
        subject: rm.href,
        hint: `write local://, or ssh://${rm.hostname}`,
      });
    }
    if (rm.pathname !== '' && rm.pathname !== '/') {
      throw new PilotError('URL_INVALID', 'local:// takes no path', {
        subject: rm.href,
        hint: 'name a directory as the workingDirectory of a pilot',
      });
    }
    return new LocalResourceManager(clock);
  },
});

class LocalResourceManager implements ResourceManager {
  readonly agentsAreHere = true;
  readonly pollIntervalMs = 1000;
  readonly registrationTimeoutMs = 60_000;
  readonly states$: Subscribable<NativeState>;
  readonly #clock: Clock;
  readonly #sweeper: Sweeper;
  readonly #pushed = new EventEmitter<{ state(state: NativeState): void }>();
  /** Own children by native id; what became of them once they are over. */
  readonly #children = new Map<string, NativeState | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweeper = new Sweeper(LAUNCH_VARIABLE, clock);
    this.states$ = {
      subscribe: (next) => {
        this.#pushed.on('state', next);
        return { unsubscribe: () => this.#pushed.off('state', next) };
      },
    };
  }

  async submit(launch: AgentLaunch, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    signal?.throwIfAborted();
    const [program = '', ...rest] = await commandOf(launch);
    const log = await openLog(launch.logFile);
    try {
      const child = spawn(program, rest, {
        cwd: launch.directory,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: environmentOf(launch),
      });
      // Asked before the first await: until then not even a failed start has been waited for.
      const stat = child.pid === undefined ? undefined : statOf(child.pid);
      await started(child);
      const id = nativeIdOf(stat as ProcessRef, launch.name);
      this.#watch(child, id);
      return id;
    } finally {
      await log.close();
    }
  }

  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    return Promise.all(ids.map((id) => this.#stateOf(id)));
  }

  async find(launchName: string): Promise<string | undefined> {
    // Of those that are over, nobody else knows.
    const isIt = (id: string) => parseNativeId(id)?.name === launchName;
    const own = [...this.#children.keys()].find(isIt);
    if (own !== undefined) return own;
    // All that an agent starts is younger than itself.
    const [agent] = (await this.#sweeper.find([launchName])).get(launchName) ?? [];
    return agent && nativeIdOf(agent, launchName);
  }

  async cancel(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#end(id)));
  }

  async signal(id: string, signal: string): Promise<void> {
    const job = parseNativeId(id);
    if (job !== undefined) signalProcess(job, signal as NodeJS.Signals);
  }

  kill(ids: readonly string[]): void {
    const jobs = ids.flatMap((id) => parseNativeId(id) ?? []);
    // The agents first: they must not start others.
    for (const job of jobs) signalProcess(job, 'SIGKILL');
    this.#sweeper.kill(jobs.map(({ name }) => name));
  }

  async render(launch: AgentLaunch): Promise<string> {
    return agentScript(launch);
  }

  async info(): Promise<ResourceManagerInfo> {
    const details = { host: hostname(), cores: availableParallelism(), memory: totalmem() };
    return { name: `local (Linux ${release()})`, version: release(), details };
  }

  offer(description: ParsedPilotJobDescription): AgentOffer {
    const { totalCpuCount, totalPhysicalMemory } = description;
    return {
      ...(totalCpuCount !== undefined && { cores: totalCpuCount }),
      ...(totalPhysicalMemory !== undefined && { memory: totalPhysicalMemory }),
    };
  }

  async close(): Promise<void> {
    this.#pushed.removeAllListeners();
  }

  #watch(child: ChildProcess, id: string): void {
    this.#children.set(id, undefined);
    child.once('exit', async (exitCode, signal) => {
      await this.#sweep(id);
      const state = endOf(id, exitCode, signal);
      this.#children.set(id, state);
      this.#pushed.emit('state', state);
    });
    // This program may end before its pilots.
    child.unref();
  }

  async #stateOf(id: string): Promise<NativeState> {
    const job = parseNativeId(id);
    if (job === undefined) return { id, state: 'Unknown', detail: 'not an id of local://' };
    const stat = liveStat(job);
    if (stat?.state === 'T')
      return { id, state: 'Suspended', detail: `process ${job.pid} is stopped` };
    const running = { id, state: 'Running', detail: `process ${job.pid}` } as const;
    if (stat !== undefined) return running;
    // For a child the exit event, which knows more, is on its way.
    if (this.#children.has(id)) return this.#children.get(id) ?? running;
    await this.#sweep(id);
    return { id, state: 'Done', detail: `process ${job.pid} has ended, unseen by this program` };
  }

  async #end(id: string): Promise<void> {
    const job = parseNativeId(id);
    if (job === undefined) return;
    signalProcess(job, 'SIGTERM');
    // One that is stopped hears nothing until it goes on.
    signalProcess(job, 'SIGCONT');
    const deadline = this.#clock.monotonic() + GRACE_MS;
    while (liveStat(job) !== undefined && this.#clock.monotonic() < deadline) {
      await this.#sweeper.lookAgain();
    }
    await this.#sweep(id);
  }

  /** Kills what is left of a launch. */
  async #sweep(id: string): Promise<void> {
    const { name } = parseNativeId(id) ?? {};
    if (name !== undefined) await this.#sweeper.sweep(name);
  }
}

async function openLog(file: string): Promise<FileHandle> {
  return open(file, LOG_FLAGS, 0o600).catch((cause: Error) => {
    const problem = `${file} cannot be written to: ${cause.message}`;
    const hint = 'write the path of a file in a directory that is there, or leave it out';
    throw new AdaptorError('DESCRIPTION_INVALID', problem, { subject: 'output', hint, cause });
  });
}

function hasScript({ description }: AgentLaunch): boolean {
  return (description.initCommands ?? []).length > 0;
}

function environmentOf(launch: AgentLaunch): NodeJS.ProcessEnv {
  const all = { ...process.env, ...launch.environment, [LAUNCH_VARIABLE]: launch.name };
  // A script keeps it for the commands, and has the agent started without.
  return hasScript(launch) ? all : withoutNodeOptions(all);
}

/** With `initCommands`, a shell that becomes the agent: it keeps its pid. */
async function commandOf(launch: AgentLaunch): Promise<readonly string[]> {
  if (!hasScript(launch)) return launch.command;
  const file = join(launch.directory, 'start.sh');
  // Its environment is handed over directly, and the file keeps the commands off `ps`.
  await writeFileAtomic(file, agentScript({ ...launch, environment: {} }), 0o600);
  return ['/bin/sh', file];
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(
        new AdaptorError('ADAPTOR_FAILED', `the agent cannot be started: ${cause.message}`, {
          cause,
        }),
      );
    });
  });
}

function nativeIdOf({ pid, start }: ProcessRef, name: string): string {
  return `${pid}:${start}:${name}`;
}

function parseNativeId(id: string): (ProcessRef & { readonly name: string }) | undefined {
  const [, pid, start, name] = /^(\d+):(\d+):(.+)$/s.exec(id) ?? [];
  return name === undefined ? undefined : { pid: Number(pid), start: Number(start), name };
}

function endOf(id: string, exitCode: number | null, signal: string | null): NativeState {
  if (signal !== null) return { id, state: 'Failed', detail: `ended by ${signal}`, signal };
  const code = exitCode ?? 0;
  const state = code === 0 ? 'Done' : 'Failed';
  return { id, state, detail: `ended with exit code ${code}`, exitCode: code };
}

/** A resource manager whose native jobs are an agent on each of several nodes, all of them here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import {
  type AgentLaunch,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '@pstar/core/adaptor';

/** The processes of all native jobs, by the names of their nodes. */
export class Nodes implements ResourceManager {
  readonly agents = new Map<string, ChildProcess>();
  readonly pollIntervalMs = 100;
  readonly #names: readonly string[];
  readonly #cores: number;

  constructor(names: readonly string[], cores: number) {
    this.#names = names;
    this.#cores = cores;
  }

  readonly adaptor = defineAdaptor({
    scheme: 'nodes',
    attributes: [],
    connect: async () => this,
  });

  async submit({ name, command, logFile, environment }: AgentLaunch): Promise<string> {
    const [program = '', ...rest] = command;
    const log = openSync(logFile, 'a', 0o600);
    for (const node of this.#names) {
      const told = { PSTAR_NODE_NAME: node, PSTAR_NODE_CORES: `${this.#cores}` };
      const child = spawn(program, rest, {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...environment, ...told },
      });
      this.agents.set(node, child);
    }
    return name;
  }

  /** As a batch script would: over with the last, and failed with the worst. */
  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    const all = [...this.agents.values()];
    const isRunning = all.some(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    const state = isRunning ? 'Running' : all.every((c) => c.exitCode === 0) ? 'Done' : 'Failed';
    return ids.map((id) => ({ id, state, detail: state.toUpperCase() }));
  }

  async cancel(): Promise<void> {
    for (const agent of this.agents.values()) agent.kill('SIGTERM');
  }

  kill(): void {
    for (const agent of this.agents.values()) agent.kill('SIGKILL');
  }

  async render({ command }: AgentLaunch): Promise<string> {
    return command.join(' ');
  }

  async info() {
    return { name: 'nodes' };
  }

  async close(): Promise<void> {}
}

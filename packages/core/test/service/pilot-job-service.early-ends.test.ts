/** Native jobs that are called over while their agents work. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import {
  type AgentLaunch,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import { agentScript } from '../../src/adaptor/shell.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { WorkUnitService } from '../../src/service/work-unit-service.ts';
import { pilotServices, reaches } from './pilot-services.ts';

const world = pilotServices();
type End = 'Done' | 'Failed' | 'Canceled';

/** Starts processes, and calls the first over when a test wants it. */
class Hasty implements Partial<ResourceManager> {
  readonly pollIntervalMs = 100;
  readonly states$ = new Subject<NativeState>();
  readonly processes: ChildProcess[] = [];
  early: End | undefined;

  async submit(launch: AgentLaunch): Promise<string> {
    const { directory: cwd, logFile } = launch;
    const log = openSync(logFile, 'a');
    const process = spawn('/bin/sh', ['-c', agentScript(launch)], {
      cwd,
      detached: true,
      stdio: ['ignore', log, log],
    });
    await once(process, 'spawn');
    const id = `${this.processes.push(process) - 1}`;
    process.once('exit', () => {
      if (id !== '0') this.states$.next({ id, state: 'Done', detail: 'seen' });
    });
    return id;
  }
  async states(ids: readonly string[]): Promise<NativeState[]> {
    return ids.map((id) => {
      if (id === '0' && this.early) return { id, state: this.early, detail: 'too soon' };
      return { id, state: this.isOver(Number(id)) ? 'Done' : 'Running', detail: 'seen' };
    });
  }
  async cancel(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (!this.isOver(Number(id))) this.processes[Number(id)]?.kill();
  }
  async close(): Promise<void> {}

  isOver(number: number): boolean {
    const { exitCode, signalCode } = this.processes[number] as ChildProcess;
    return exitCode !== null || signalCode !== null;
  }
  /** Says so to whoever asks, or to all if nobody can ask. */
  callOver(state: End): void {
    this.early = state;
    this.states$.next({ id: '0', state, detail: 'too soon' });
  }
}

it.each([
  ['Failed', 'when asked'],
  ['Done', 'when asked'],
  ['Canceled', 'when asked'],
  ['Failed', 'without being asked'],
] as const)(
  'a native job called %s %s while its agent works has that ended before others have its units',
  async (state, how) => {
    const manager = new Hasty();
    onTestFinished(() => {
      for (const process of manager.processes) process.kill('SIGKILL');
    });
    if (how !== 'when asked') Object.assign(manager, { states: undefined });
    const connect = async () => manager as unknown as ResourceManager;
    const adaptor = defineAdaptor({ scheme: 'hasty', attributes: ['agent'], connect });
    const pilots = await world.open({ adaptors: [adaptor] });
    await using work = await WorkUnitService.open({
      store: world.store,
      log: silentLog,
      services: [pilots],
    });
    const [pid, twice] = ['pid', 'twice'].map((name) => join(world.store, name)) as [
      string,
      string,
    ];
    // The first attempt runs until it is killed; another that starts before that leaves a mark.
    const script = `
    kill -0 "$(cat '${pid}')" && touch '${twice}'
    echo $$ > '${pid}'
    trap '' TERM
    if [ "$PSTAR_ATTEMPT" = 1 ]; then exec sleep 600; fi`;
    const description = { agent: { heartbeat: 0.5 } };
    const first = await pilots.create('hasty://', description);
    const [unit] = await work.submit([{ executable: '/bin/sh', arguments: ['-c', script] }]);
    await expect.poll(() => unit?.state).toBe('Running');
    await expect.poll(() => readFile(pid, 'utf8').catch(() => '')).not.toBe('');
    await pilots.create('hasty://', description);
    manager.callOver(state);
    expect(await unit?.finished()).toMatchObject({ state: 'Done', exit: { attempt: 2 } });
    await expect(access(twice)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect.poll(() => manager.isOver(0)).toBe(true);
    await reaches(first, state);
  },
);

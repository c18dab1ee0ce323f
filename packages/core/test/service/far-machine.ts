/**
 * Another machine, for tests: a directory of this one with a home of its own, the gateway `far` that
 * leads there, and the adaptor `crate`, which starts agents by nothing but commands and files.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import {
  type Adaptor,
  type AgentLaunch,
  type ConnectContext,
  defineAdaptor,
  type Gateway,
  type NativeState,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import {
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
  localCommandRunner,
} from '../../src/adaptor/command-runner.ts';
import { relocate } from '../../src/adaptor/relocate.ts';
import type { RemoteFiles } from '../../src/adaptor/remote-files.ts';
import { agentScript } from '../../src/adaptor/shell.ts';
import { AdaptorError } from '../../src/model/errors.ts';

/** Beside an agent over there it would only be found where NODE_PATH says so, and missed in the log where not. */
const KOFFI = createRequire(import.meta.url).resolve('koffi');

/** The machine, and what a test wants to go wrong on the way to it. */
export class FarMachine {
  readonly home: string;
  /** What was asked of the two, in order, and what prompts have answered: `place pilot-1`. */
  readonly asked: string[] = [];
  /** What gateways were opened with. */
  readonly contexts: ConnectContext[] = [];
  /** The URLs that the gateway and the adaptor were opened with. */
  readonly urls: string[] = [];
  isDown = false;
  /** What the next calls of collect() throw. */
  collecting: Error[] = [];
  /** What the next calls of submit() throw before anything starts. */
  refusals: Error[] = [];
  /** Whether the connection is lost, for all that follows, when the next agent has started. */
  isLostAfterwards = false;
  /** Settles when submit() may go on. */
  submitting: Promise<void> = Promise.resolve();

  private constructor(home: string) {
    this.home = home;
  }

  static async make(): Promise<FarMachine> {
    return new FarMachine(await mkdtemp(join(tmpdir(), 'pstar-far-')));
  }

  get adaptors(): readonly Adaptor[] {
    return [this.#far(), this.#crate()];
  }

  /** The directories of launches that are over there. */
  async launches(): Promise<string[]> {
    return (await readdir(this.#pilots).catch(() => [])).sort();
  }

  directoryOf(launchName: string): string {
    return join(this.#pilots, launchName);
  }

  /** Where the agents of a launch are told to call. */
  async managerOf(launchName: string): Promise<unknown> {
    const file = join(this.directoryOf(launchName), 'manager.json');
    return JSON.parse(await readFile(file, 'utf8'));
  }

  /** Tells all that runs of a launch by a signal to end. */
  async evict(launchName: string): Promise<void> {
    const pid = await readFile(join(this.home, 'spool', `${launchName}.pid`), 'utf8');
    process.kill(-Number(pid), 'SIGTERM');
  }

  /** Settles once nothing of a launch runs any more. */
  async ended(launchName: string): Promise<void> {
    while (!existsSync(join(this.home, 'spool', `${launchName}.code`))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Settles once that has happened so many times. */
  async until(what: string, times = 1): Promise<void> {
    while (this.asked.filter((asked) => asked.startsWith(what)).length < times) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends and removes all that is there. */
  async remove(): Promise<void> {
    const pids = await readdir(join(this.home, 'spool')).catch(() => []);
    for (const file of pids.filter((name) => name.endsWith('.pid'))) {
      const pid = Number(await readFile(join(this.home, 'spool', file), 'utf8'));
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It is over.
      }
    }
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  get #pilots(): string {
    return join(this.home, '.cache', 'pstar', 'pilots');
  }

  /** @throws PilotError `CONNECTION_LOST` */
  reach(): void {
    if (!this.isDown) return;
    this.asked.push('unreachable');
    throw new AdaptorError('CONNECTION_LOST', 'no route to host', { subject: 'faraway' });
  }

  #far(): Adaptor {
    return defineAdaptor({
      scheme: 'far',
      optionsSchema: z.strictObject({ identity: z.string().min(1).optional() }),
      attributes: [],
      connect: async () => {
        throw new AdaptorError('OPERATION_UNSUPPORTED', 'far:// is a way, and starts nothing');
      },
      openGateway: async (rm, context) => {
        this.contexts.push(context);
        this.urls.push(rm.href);
        this.reach();
        const question = { text: 'Password: ', echo: false, kind: 'password' } as const;
        const about = { ...question, host: rm.hostname, user: rm.username };
        const answer = await context.security?.prompt?.(about);
        if (answer !== undefined) this.asked.push(`answer ${answer}`);
        return FarGateway.open(this, context);
      },
    });
  }

  #crate(): Adaptor {
    return defineAdaptor({
      scheme: 'crate',
      transports: ['own'],
      optionsSchema: z.strictObject({ lane: z.enum(['fast', 'slow']).optional() }),
      attributes: ['initCommands', 'error'],
      connect: async (rm, { runner }) => {
        this.urls.push(rm.href);
        return new Crate(this, runner);
      },
    });
  }
}

interface Known {
  readonly directory: string;
  readonly logFile: string;
}

/** Keeps a list of its launches, as real ones do. */
class FarGateway implements Gateway {
  readonly runner: CommandRunner;
  readonly #machine: FarMachine;
  readonly #context: ConnectContext;

  private constructor(machine: FarMachine, context: ConnectContext) {
    this.#machine = machine;
    this.#context = context;
    this.runner = new FarRunner(machine);
  }

  static async open(machine: FarMachine, context: ConnectContext): Promise<FarGateway> {
    const gateway = new FarGateway(machine, context);
    for (const name of Object.keys(await gateway.#known())) {
      const directory = machine.directoryOf(name);
      if (!existsSync(directory)) continue;
      await writeFile(join(directory, 'manager.json'), JSON.stringify(context.manager));
    }
    return gateway;
  }

  async place(launch: AgentLaunch): Promise<AgentLaunch> {
    this.#ask('place', launch.name);
    const { name, directory: here, logFile } = launch;
    await this.#keep({ ...(await this.#known()), [name]: { directory: here, logFile } });
    const directory = this.#machine.directoryOf(name);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const agentFile = join(directory, 'agent.mjs');
    await cp(launch.agentFile, agentFile);
    const { manager } = this.#context;
    const node = process.execPath;
    const there = relocate(launch, { directory, agentFile, manager, node, koffi: KOFFI });
    await writeFile(there.launch.settingsFile, there.settings, { mode: 0o600 });
    return there.launch;
  }

  async fetch(launchName: string): Promise<void> {
    this.#ask('fetch', launchName);
    const known = (await this.#known())[launchName];
    if (known !== undefined) await this.#bringKept(launchName, known);
  }

  async collect(launchName: string): Promise<void> {
    this.#ask('collect', launchName);
    const failure = this.#machine.collecting.shift();
    if (failure !== undefined) throw failure;
    const known = (await this.#known())[launchName];
    const directory = this.#machine.directoryOf(launchName);
    if (known === undefined || !existsSync(directory)) return;
    await this.#bringKept(launchName, known);
    const log = createReadStream(join(directory, 'agent.log'));
    await pipeline(log, createWriteStream(known.logFile, { flags: 'a', mode: 0o600 }));
    await this.#remove(launchName);
  }

  async release(launchName: string): Promise<void> {
    this.#ask('release', launchName);
    await this.#remove(launchName);
  }

  async close(): Promise<void> {}

  async #bringKept(launchName: string, { directory }: Known): Promise<void> {
    const kept = join(this.#machine.directoryOf(launchName), 'kept');
    if (existsSync(kept)) await cp(kept, join(directory, 'kept'), { recursive: true });
  }

  #ask(what: string, launchName: string): void {
    this.#machine.asked.push(`${what} ${launchName}`);
    this.#machine.reach();
  }

  async #remove(launchName: string): Promise<void> {
    await rm(this.#machine.directoryOf(launchName), { recursive: true, force: true });
    const { [launchName]: _, ...others } = await this.#known();
    await this.#keep(others);
  }

  async #known(): Promise<Record<string, Known>> {
    return JSON.parse(await readFile(this.#list, 'utf8').catch(() => '{}'));
  }

  async #keep(known: Record<string, Known>): Promise<void> {
    await writeFile(this.#list, JSON.stringify(known));
  }

  get #list(): string {
    return join(this.#context.directory, 'launches.json');
  }
}

/** Commands with that machine's home. */
class FarRunner implements CommandRunner {
  readonly host = 'faraway';
  readonly files: RemoteFiles;
  readonly #machine: FarMachine;
  readonly #inner = localCommandRunner();

  constructor(machine: FarMachine) {
    this.#machine = machine;
    this.files = this.#inner.files;
  }

  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    this.#machine.reach();
    const environment = { ...options.environment, HOME: this.#machine.home };
    return this.#inner.run(command, { ...options, environment });
  }

  async close(): Promise<void> {}
}

/** What is told to a shell; `$1` is the launch's name. */
const START = `mkdir -p ~/spool && cd "$2" || exit 1
setsid sh -c 'trap : TERM; sh start.sh >>"$2" 2>&1; echo $? >~/spool/"$1".code' sh "$1" "$3" \\
  </dev/null >/dev/null 2>&1 &
echo $! >~/spool/"$1".pid`;
const LOOK = `cd ~/spool 2>/dev/null || exit 0
[ -e "$1".pid ] && cat "$1".pid && cat "$1".code 2>/dev/null; exit 0`;
const END = `[ -e ~/spool/"$1".code ] && exit 0
touch ~/spool/"$1".end; kill -TERM -- -"$(cat ~/spool/"$1".pid)"; exit 0`;

/** A resource manager that is a directory, `~/spool`, and knows launches by their names. */
class Crate implements ResourceManager {
  readonly pollIntervalMs = 20;
  readonly registrationTimeoutMs = 30_000;
  readonly #machine: FarMachine;
  readonly #runner: CommandRunner;

  constructor(machine: FarMachine, runner: CommandRunner) {
    this.#machine = machine;
    this.#runner = runner;
  }

  async submit(launch: AgentLaunch): Promise<string> {
    this.#machine.asked.push(`submit ${launch.name}`);
    await this.#machine.submitting;
    const refusal = this.#machine.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const { directory, logFile, name } = launch;
    await this.#runner.files.write(join(directory, 'start.sh'), agentScript(launch));
    await this.#shell(START, name, directory, logFile);
    this.#machine.isDown = this.#machine.isLostAfterwards;
    this.#machine.reach();
    return `crate:${name}`;
  }

  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    return Promise.all(ids.map((id) => this.#stateOf(id)));
  }

  async find(launchName: string): Promise<string | undefined> {
    return (await this.#shell(LOOK, launchName)) === '' ? undefined : `crate:${launchName}`;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#shell(END, id.slice('crate:'.length));
  }

  async render(launch: AgentLaunch): Promise<string> {
    return agentScript(launch);
  }

  async info(): Promise<{ name: string }> {
    return { name: 'crate 1.0' };
  }

  async close(): Promise<void> {}

  async #stateOf(id: string): Promise<NativeState> {
    const [pid, code] = (await this.#shell(LOOK, id.slice('crate:'.length))).split('\n');
    if (!pid) return { id, state: 'Unknown', detail: 'not in the crate' };
    if (!code) return { id, state: 'Running', detail: 'RUNNING' };
    const exitCode = Number(code);
    return { id, state: exitCode === 0 ? 'Done' : 'Failed', detail: `ENDED ${code}`, exitCode };
  }

  async #shell(script: string, ...words: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#runner.run([
      'sh',
      '-c',
      script,
      'sh',
      ...words,
    ]);
    if (exitCode === 0) return stdout;
    throw new AdaptorError('ADAPTOR_FAILED', stderr.trim(), { subject: 'crate' });
  }
}

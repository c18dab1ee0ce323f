/** What one requirement works with: a directory, connections, launches; all gone when it is over. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentLaunch, localCommandRunner, type ResourceManager } from '@pstar/core/adaptor';
import { silentLog, systemClock } from '@pstar/core/testing';
import { must } from './check.ts';
import { Commands } from './commands.ts';
import { Connection } from './connection.ts';
import { type LaunchParts, makeLaunch, writeAgent } from './launches.ts';
import type { ConformanceOptions, OutsideHooks } from './options.ts';
import { eventually, inTime } from './waiting.ts';

const PATIENCE_MS = 20_000;

/** The world of one requirement. */
export class Trial {
  readonly options: ConformanceOptions;
  /** The requirement's own. */
  readonly directory: string;
  /** Every command of every connection. */
  readonly commands: Commands;
  readonly patienceMs: number;
  readonly #agentFile: string;
  readonly #accepted = new Set<string>();
  readonly #opened: ResourceManager[] = [];
  readonly #endings: (() => Promise<unknown>)[] = [];

  private constructor(options: ConformanceOptions, directory: string, agentFile: string) {
    this.options = options;
    this.directory = directory;
    this.#agentFile = agentFile;
    this.commands = new Commands(options.runner ?? localCommandRunner());
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  /** Begins with nothing but a directory. */
  static async begin(options: ConformanceOptions): Promise<Trial> {
    const directory = await mkdtemp(join(tmpdir(), 'pstar-kit-'));
    await mkdir(join(directory, 'adaptor'), { mode: 0o700 });
    return new Trial(options, directory, await writeAgent(directory));
  }

  /** The resource manager's URL. */
  get rm(): string {
    const { rm: url } = this.options;
    return typeof url === 'function' ? url() : url;
  }

  /** Where agents would dial; nobody listens there. */
  get #agentsDial(): { host: string; port: number } {
    const { host, advertise, port = 9 } = this.options.listen ?? {};
    return { host: advertise ?? host ?? '127.0.0.1', port };
  }

  /** Connects, as often as wanted; all connections share commands and directory. */
  async connect(url = this.rm): Promise<Connection> {
    const { adaptor, security } = this.options;
    const manager = await adaptor.connect(new URL(url), {
      log: silentLog,
      clock: systemClock,
      runner: this.commands,
      manager: this.#agentsDial,
      directory: join(this.directory, 'adaptor'),
      ...(security !== undefined && { security }),
    });
    this.#opened.push(manager);
    return new Connection(manager, this.patienceMs, this.#accepted);
  }

  /** A launch by what it does, or with more of its own; it asks for what every launch does. */
  launchOf(parts: string | LaunchParts): Promise<AgentLaunch> {
    const own = typeof parts === 'string' ? { script: parts } : parts;
    const description = { ...this.options.description, ...own.description };
    const place = {
      directory: this.directory,
      agentFile: this.#agentFile,
      manager: this.#agentsDial,
    };
    return makeLaunch(place, { ...own, description });
  }

  /** Several that do the same. */
  launchesOf(count: number, parts: string | LaunchParts): Promise<AgentLaunch[]> {
    return Promise.all(Array.from({ length: count }, () => this.launchOf(parts)));
  }

  /** What a launch has written into a file of its directory, once its last line is there. */
  written({ directory }: AgentLaunch, name: string, withinMs = this.patienceMs): Promise<string> {
    const read = async () => {
      const text = await readFile(join(directory, name), 'utf8').catch(() => '');
      return text.endsWith('\n') ? text : undefined;
    };
    return eventually(read, () => `${name}, which the launch writes`, withinMs);
  }

  /** What the caller does behind the adaptor's back; fails when they have not said how. */
  hook<K extends keyof OutsideHooks>(name: K): NonNullable<OutsideHooks[K]> {
    const hook = this.options.outside?.[name];
    must(hook, `the kit cannot do this by itself: give it outside.${name}`);
    return hook;
  }

  /** What the caller has to tell; fails when they have not. */
  option<K extends 'pending' | 'refused'>(name: K): NonNullable<ConformanceOptions[K]> {
    const option = this.options[name];
    must(option, `the kit cannot know this by itself: give it '${name}'`);
    return option;
  }

  /** Has this done when the requirement is over, met or not; the last one first. */
  atEnd(ending: () => Promise<unknown>): void {
    this.#endings.unshift(ending);
  }

  /** Has a native job ended too that no submission has told of. */
  endLater(id: string): void {
    this.#accepted.add(id);
  }

  /** Ends all that was submitted. */
  async endAll(): Promise<void> {
    const ids = [...this.#accepted];
    if (ids.length === 0) return;
    const { manager } = await this.connect();
    manager.kill?.(ids);
    await manager.cancel(ids);
  }

  /** Ends all that was submitted, and takes back what was made. */
  async end(): Promise<void> {
    this.commands.fault = undefined;
    for (const ending of this.#endings) await this.#tolerated(ending());
    await this.#tolerated(this.endAll());
    await this.#tolerated(Promise.allSettled(this.#opened.map((manager) => manager.close())));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** What goes wrong at the end, or takes for ever, is told by the requirement that is about it. */
  async #tolerated(ending: Promise<unknown>): Promise<void> {
    await inTime(ending, 'the end', this.patienceMs).catch(() => {});
  }
}

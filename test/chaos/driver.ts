/** Runs the program that is killed, hears what it says, and kills it and its agents under a seed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endedAtLast } from '../../packages/core/test/support/ended-at-last.ts';
import { bundled } from '../../tools/programs.ts';
import { killAllWith } from '../clusters/base/processes.ts';
import { Random } from '../simulation/random.ts';
import type { Told } from './ledgers.ts';
import type { Command, Line, Parameters } from './program.ts';
import { UNIT } from './unit.ts';

const PROGRAM = new URL('program.ts', import.meta.url).pathname;
/** Names the world in the environment of its programs, and of the agents and units that come of these. */
const WORLD = 'PSTAR_TEST_WORLD';

/** What became of a unit, with what was asked for. */
export interface Final extends Told {
  readonly mayRestart: boolean;
  readonly retries: boolean;
  readonly problem?: string;
}

/** A store with everything that was ever said of it. */
export class Chaos implements AsyncDisposable {
  readonly directory: string;
  readonly store: string;
  readonly ledgers: string;
  readonly random: Random;
  /** Units that somebody was told of. */
  readonly known = new Set<string>();
  readonly canceledIn = new Map<string, number>();
  /** Agents of local:// that may live, by process id. */
  readonly agents = new Set<number>();
  final: readonly Final[] = [];
  managersKilled = 0;
  agentsKilled = 0;
  /** The program in one file. */
  readonly #file: string;
  readonly #end = endedAtLast(() => this.#clear());

  private constructor(directory: string, file: string, seed: number) {
    this.directory = directory;
    this.#file = file;
    this.store = join(directory, 'store');
    this.ledgers = join(directory, 'ledgers');
    this.random = new Random(seed);
  }

  static async open(seed = 1): Promise<Chaos> {
    const directory = await mkdtemp(join(tmpdir(), 'pstar-chaos-'));
    const chaos = new Chaos(directory, await bundled(PROGRAM), seed);
    await mkdir(chaos.ledgers);
    return chaos;
  }

  /** Kills what may still be there, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #clear(): Promise<void> {
    await killAllWith([[WORLD, this.directory]]);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Where the agent of the only pilot keeps what nobody has acknowledged. */
  keptDirectory(): string {
    const pilots = join(this.store, 'pilots', 'pilots');
    return join(pilots, readdirSync(pilots)[0] ?? '', 'kept');
  }

  /** Starts the program. */
  start(parameters: Partial<Parameters> & { readonly node?: readonly string[] } = {}): Program {
    const { node = [], ...rest } = parameters;
    return new Program(this, [...node, this.#file], {
      store: this.store,
      ledgers: this.ledgers,
      unit: UNIT,
      seed: this.random.between(0, 2 ** 31),
      units: 30,
      pilots: 2,
      rm: 'local://',
      pilot: { totalCpuCount: 3 },
      ...rest,
    });
  }

  /** Kills one agent, if one is known to live. */
  killAgent(): void {
    const live = [...this.agents].filter((pid) => existsSync(`/proc/${pid}`));
    if (live.length === 0) return;
    kill(this.random.pick(live));
    this.agentsKilled++;
  }
}

/** One run of the program. */
export class Program {
  readonly lines: Line[] = [];
  readonly child: ChildProcess;
  /** Once it has ended and everything that it said was read. */
  readonly over: Promise<void>;
  readonly #chaos: Chaos;
  readonly #waiting = new Set<() => void>();
  #isOver = false;
  #errors = '';

  constructor(chaos: Chaos, words: readonly string[], parameters: Parameters) {
    this.#chaos = chaos;
    const env = { ...process.env, [WORLD]: chaos.directory };
    this.child = spawn(process.execPath, [...words, JSON.stringify(parameters)], { env });
    const out = createInterface(this.child.stdout as NodeJS.ReadableStream);
    out.on('line', (line) => this.#hear(JSON.parse(line)));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.over = new Promise((resolve) => {
      this.child.once('close', () => {
        this.#isOver = true;
        this.#look();
        resolve();
      });
    });
  }

  /** Settles once that is so. Rejects, with what it has written, if it ends before. */
  async until(isSo: (lines: readonly Line[]) => boolean): Promise<void> {
    while (!isSo(this.lines)) {
      if (this.#isOver) throw new Error(`the program has ended: ${this.#errors}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Settles once it has said so many lines, or has nothing more to do. */
  said(count: number): Promise<void> {
    return this.until((lines) => lines.length >= count || isIdle(lines));
  }

  /** As the kernel has it when memory runs out. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.over;
    this.#chaos.managersKilled++;
  }

  tell(command: Command): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Settles once it has said something of that kind. */
  hears<T extends Line['type']>(
    type: T,
    is: (line: Extract<Line, { readonly type: T }>) => boolean = () => true,
  ): Promise<void> {
    const wanted = (line: Line) =>
      line.type === type && is(line as Extract<Line, { readonly type: T }>);
    return this.until((lines) => lines.some(wanted));
  }

  /** Waits for everything, and for the program to end by itself. */
  async finish(): Promise<void> {
    this.tell({ type: 'finish' });
    await this.hears('final');
    await this.over;
  }

  #hear(line: Line): void {
    const { known, canceledIn, agents } = this.#chaos;
    this.lines.push(line);
    if (line.type === 'submitted') for (const id of line.ids) known.add(id);
    else if (line.type === 'event') known.add(line.id);
    else if (line.type === 'canceled') canceledIn.set(line.id, line.attempt);
    else if (line.type === 'pilot') {
      const [, pid] = /^(\d+):\d+:/.exec(line.nativeId) ?? [];
      if (pid !== undefined) agents.add(Number(pid));
    } else if (line.type === 'final') this.#chaos.final = line.units as Final[];
    this.#look();
  }

  #look(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

function isIdle(lines: readonly Line[]): boolean {
  return lines.some((line) => line.type === 'stage' && line.stage === 'idle');
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

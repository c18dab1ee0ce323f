/** Runs the program with the map, hears what it says, and kills it and its agents. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endedAtLast } from '../../packages/core/test/support/ended-at-last.ts';
import { bundled } from '../../tools/programs.ts';
import { killAllWith } from '../clusters/base/processes.ts';
import type { Command, Line, Parameters } from './map-program.ts';

const PROGRAM = new URL('map-program.ts', import.meta.url).pathname;
/** Names the world in the environment of its programs, and of the agents that come of these. */
const WORLD = 'PSTAR_TEST_WORLD';

/** A store, and the marks of all calls. */
export class MapWorld implements AsyncDisposable {
  readonly directory: string;
  readonly marks: string;
  /** Processes of agents that may live, the first created first. */
  readonly agents = new Set<number>();
  readonly #parameters: Partial<Parameters>;
  /** The program in one file. */
  readonly #file: string;
  readonly #end = endedAtLast(() => this.#clear());

  private constructor(directory: string, file: string, parameters: Partial<Parameters>) {
    this.#file = file;
    this.directory = directory;
    this.marks = join(directory, 'marks');
    mkdirSync(this.marks);
    this.#parameters = parameters;
  }

  static async open(parameters: Partial<Parameters>): Promise<MapWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'pstar-maps-'));
    return new MapWorld(directory, await bundled(PROGRAM), parameters);
  }

  /** Kills what may still be there, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #clear(): Promise<void> {
    await killAllWith([[WORLD, this.directory]]);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Starts the program. */
  start(): MapProgram {
    return new MapProgram(this, this.#file, {
      store: join(this.directory, 'store'),
      marks: this.marks,
      calls: 300,
      ms: 4,
      ends: 0,
      seed: 1,
      pilots: 1,
      pilot: { totalCpuCount: 3 },
      every: 10,
      ...this.#parameters,
    });
  }

  /** The indexes of calls that were done, in that order. */
  get done(): number[] {
    const path = join(this.marks, 'calls');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8').trim().split('\n').map(Number);
  }

  /** How many calls have ended their workers. */
  get ended(): number {
    return readdirSync(this.marks).filter((name) => name.startsWith('ends-')).length;
  }

  /** Kills an agent that lives; says whether there was one. */
  killAgent(choose: (pids: readonly number[]) => number): boolean {
    const live = [...this.agents].filter((pid) => existsSync(`/proc/${pid}`));
    if (live.length > 0) kill(choose(live));
    return live.length > 0;
  }
}

/** One run of the program. */
export class MapProgram {
  readonly lines: Line[] = [];
  /** Once it has ended and everything that it said was read. */
  readonly over: Promise<void>;
  readonly #child: ChildProcess;
  #errors = '';
  #isOver = false;
  #wake = (): void => {};

  constructor(world: MapWorld, file: string, parameters: Parameters) {
    const env = { ...process.env, [WORLD]: world.directory };
    this.#child = spawn(process.execPath, [file, JSON.stringify(parameters)], { env });
    // It may have ended by itself when it is told something.
    this.#child.stdin?.on('error', () => {});
    const out = createInterface(this.#child.stdout as NodeJS.ReadableStream);
    out.on('line', (text) => {
      const line: Line = JSON.parse(text);
      this.lines.push(line);
      const [, pid] = (line.type === 'pilot' && /^(\d+):\d+:/.exec(line.nativeId)) || [];
      if (pid !== undefined) world.agents.add(Number(pid));
      this.#wake();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.over = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#isOver = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Settles once so many results have come; rejects if it ends before. */
  async results(count: number): Promise<void> {
    while (!this.lines.some((line) => line.type === 'results' && line.count >= count))
      await this.#line();
  }

  /** Waits for its end, and gives what it said last. */
  async result(): Promise<Extract<Line, { readonly type: 'over' }>> {
    for (;;) {
      const last = this.lines.find((line) => line.type === 'over');
      if (last !== undefined) {
        await this.over;
        return last;
      }
      await this.#line();
    }
  }

  tell(word: Command): void {
    this.#child.stdin?.write(`${word}\n`);
  }

  /** As the kernel has it when memory runs out. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.over;
  }

  async #line(): Promise<void> {
    // Vitest takes lines of another program's stack for its own.
    const errors = this.#errors.replaceAll(/^ +at /gm, '  in ');
    if (this.#isOver) throw new Error(`the program has ended: ${errors}`);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/** An executor in a directory of its own, and a record of what it reported that can be waited for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExecutor } from '../../src/executor/executor.ts';
import { notKept } from '../../src/executor/recent-output.ts';
import { ProcessTable } from '../../src/executor/tree.ts';
import type {
  Executor,
  ExecutorEvents,
  OutputStream,
  UnitOutcome,
  UnitRun,
} from '../../src/executor/unit-run.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

export const LAUNCHERS = ['posix_spawn', 'child_process'] as const;

interface Reported {
  readonly kind: 'started' | 'ended' | 'progress' | 'output' | 'output-end' | 'not-kept';
  readonly key: number;
  readonly outcome?: UnitOutcome;
  readonly progress?: readonly [number | undefined, string];
  readonly stream?: OutputStream;
  readonly text?: string;
}

export class World implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'executor-test-'));
  readonly reported: Reported[] = [];
  readonly executor: Executor;
  readonly #before: ReadonlySet<number>;
  readonly #waiting = new Set<() => void>();
  #keys = 0;
  onEnded: (key: number) => void = () => {};

  constructor(
    launcher: (typeof LAUNCHERS)[number] | 'null' = 'posix_spawn',
    baseEnvironment: Record<string, string> = { PATH: '/usr/bin:/bin' },
    patienceMs?: number,
  ) {
    const note = (reported: Reported): void => {
      this.reported.push(reported);
      for (const look of this.#waiting) look();
    };
    const events: ExecutorEvents = {
      started: (key) => note({ kind: 'started', key }),
      ended: (key, outcome) => {
        this.onEnded(key);
        note({ kind: 'ended', key, outcome });
      },
      progress: (key, fraction, message) =>
        note({ kind: 'progress', key, progress: [fraction, message] }),
      output: (key, stream, part) => {
        if (part === 'not-kept') note({ kind: part, key, stream });
        else if (part === undefined) note({ kind: 'output-end', key, stream });
        else {
          const bytes = part instanceof Uint8Array ? part : notKept(part.missed);
          note({ kind: 'output', key, stream, text: Buffer.from(bytes).toString('latin1') });
        }
      },
    };
    this.executor = createExecutor({
      kind: launcher === 'null' ? 'null' : 'process',
      root: this.root,
      baseEnvironment,
      events,
      clock: systemClock,
      log: silentLog,
      ...(patienceMs !== undefined && { patienceMs }),
      ...(launcher === 'child_process' && { koffi: '/nowhere/koffi' }),
    });
    this.#before = new Set(descendants());
  }

  /** The live processes below this one that came with units. */
  processes(): number[] {
    return descendants().filter((pid) => !this.#before.has(pid));
  }

  /** Starts a unit; by default a shell with a script. */
  run(script: string, changes: Partial<UnitRun> = {}): number {
    const key = changes.key ?? this.#keys++;
    this.executor.run({
      key,
      executable: '/bin/sh',
      arguments: ['-c', script],
      environment: {},
      variables: { PSTAR_UNIT_ID: `unit.${key}` },
      sandbox: this.sandbox(key),
      cleanup: 'default',
      processes: 1,
      graceMs: 10_000,
      ...changes,
    });
    return key;
  }

  sandbox(key: number): string {
    return join(this.root, 'sandboxes', `${key}`);
  }

  /** Settles when what was reported makes `look` return something. */
  when<T>(look: () => T | undefined): Promise<T> {
    return new Promise((done) => {
      const again = (): void => {
        const found = look();
        if (found === undefined) return;
        this.#waiting.delete(again);
        done(found);
      };
      this.#waiting.add(again);
      again();
    });
  }

  ended(key: number): Promise<UnitOutcome> {
    return this.when(() => this.reported.find((r) => r.kind === 'ended' && r.key === key)?.outcome);
  }

  started(key: number): Promise<Reported> {
    return this.when(() => this.reported.find((r) => r.kind === 'started' && r.key === key));
  }

  /** Runs a script to its end. */
  outcomeOf(script: string, changes: Partial<UnitRun> = {}): Promise<UnitOutcome> {
    return this.ended(this.run(script, changes));
  }

  output(key: number, stream: OutputStream): string {
    const chunks = this.reported.filter(
      (r) => r.kind === 'output' && r.key === key && r.stream === stream,
    );
    return chunks.map(({ text }) => text).join('');
  }

  notKept(key: number, stream: OutputStream): Promise<Reported> {
    return this.when(() =>
      this.reported.find((r) => r.kind === 'not-kept' && r.key === key && r.stream === stream),
    );
  }

  outputEnded(key: number, stream: OutputStream): Promise<Reported> {
    return this.when(() =>
      this.reported.find((r) => r.kind === 'output-end' && r.key === key && r.stream === stream),
    );
  }

  /** Settles when a unit's stream, watched live, has brought these words. */
  outputNotKept(key: number, stream: OutputStream): Promise<Reported> {
    return this.when(() =>
      this.reported.find((r) => r.kind === 'not-kept' && r.key === key && r.stream === stream),
    );
  }

  outputHolds(key: number, stream: OutputStream, words: string): Promise<true> {
    return this.when(() => this.output(key, stream).includes(words) || undefined);
  }

  progress(key: number): (readonly [number | undefined, string])[] {
    return this.reported.flatMap((r) => (r.key === key && r.progress ? [r.progress] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.executor.close(0);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function reasonOf({ reason }: UnitOutcome): string | undefined {
  return FAILURE_REASONS[reason];
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  return [...ProcessTable.read()].some((process) => process.pid === pid && !process.isZombie);
}

const descendants = (): number[] =>
  ProcessTable.read()
    .descendants(process.pid)
    .filter(({ isZombie }) => !isZombie)
    .map(({ pid }) => pid);

/** Looks again and again, for what no event tells. */
export async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((done) => setTimeout(done, 5));
}

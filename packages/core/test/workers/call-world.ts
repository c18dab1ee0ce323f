/** What calls functions, with an executor of real processes below it, and a record of what it reported. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExecutor } from '../../src/executor/executor.ts';
import type {
  Executor,
  ExecutorEvents,
  OutputPart,
  UnitOutcome,
} from '../../src/executor/unit-run.ts';
import type { CallProblem } from '../../src/model/call-problem.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { decodeValue, encodeValue } from '../../src/runtime/values.ts';
import { createCallExecutor } from '../../src/workers/call-executor.ts';
import type {
  Batch,
  BatchResult,
  CallEvents,
  CallExecutor,
  CallRun,
} from '../../src/workers/call-run.ts';
import { SplitEvents } from '../../src/workers/split-events.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/agent/agent.mjs', import.meta.url));

/** What came of a batch, from all of its results. */
export interface Outcome {
  readonly batch: number;
  /** By the index of the call; those without a result are not there. */
  readonly values: Map<number, unknown>;
  readonly problems: readonly (CallProblem & { readonly index: number })[];
  readonly results: readonly BatchResult[];
}

/** One after the other. */
let keys = 0;

export class CallWorld implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'workers-test-'));
  readonly executor: Executor;
  readonly calls: CallExecutor;
  readonly started = new Set<number>();
  readonly ended = new Map<number, UnitOutcome>();
  readonly results: (BatchResult & { readonly key: number })[] = [];
  readonly progress: (readonly [number, number | undefined, string])[] = [];
  readonly #output = new Map<string, string>();
  readonly #waiting = new Set<() => void>();
  #files = 0;
  #batches = 0;

  constructor(
    options: {
      readonly cores?: number;
      readonly idleMs?: number;
      readonly root?: string;
      readonly program?: string;
      /** Of what calls functions. */
      readonly clock?: Clock;
    } = {},
  ) {
    const noUnits: ExecutorEvents = { started() {}, ended() {}, progress() {}, output() {} };
    const split = new SplitEvents(noUnits);
    const {
      root = this.root,
      cores = availableParallelism(),
      idleMs,
      program = PROGRAM,
      clock = systemClock,
    } = options;
    this.executor = createExecutor({
      root,
      baseEnvironment: { PATH: '/usr/bin:/bin' },
      events: split,
      clock: systemClock,
      log: silentLog,
    });
    this.calls = createCallExecutor({
      ...{ executor: this.executor, split, program, root, cores },
      ...{ host: 'here', pilotJob: 'pilot.1', events: this.#events() },
      ...{ clock, log: silentLog, ...(idleMs !== undefined && { idleMs }) },
    });
  }

  #events(): CallEvents {
    const noted = (): void => {
      for (const look of this.#waiting) look();
    };
    return {
      started: (key) => {
        this.started.add(key);
        noted();
      },
      results: (key, result) => {
        this.results.push({ key, ...result });
        noted();
      },
      ended: (key, outcome) => {
        this.ended.set(key, outcome);
        noted();
      },
      progress: (key, fraction, message) => {
        this.progress.push([key, fraction, message]);
        noted();
      },
      output: (key, stream, chunk) => {
        const name = `${key} ${stream}`;
        const before = this.#output.get(name) ?? '';
        this.#output.set(name, before + textOf(chunk));
        noted();
      },
    };
  }

  /** A module with this code. */
  module(code: string): string {
    const file = join(this.root, `module-${++this.#files}.mjs`);
    writeFileSync(file, code);
    return file;
  }

  /** Begins a run of the function `f` of a module, given as code or as a file. */
  run(module: string, changes: Partial<CallRun> = {}): number {
    const key = ++keys;
    this.calls.run({
      key,
      module: module.endsWith('.mjs') ? module : this.module(module),
      export: 'f',
      isolation: 'process',
      environment: {},
      variables: { PSTAR_UNIT_ID: `unit.${key}` },
      cores: [0],
      gpus: [],
      scratch: join(this.root, `scratch-${key}`),
      graceMs: 10_000,
      isMap: true,
      ...changes,
    });
    return key;
  }

  /** Queues a batch of these inputs, and gives its number. */
  send(key: number, inputs: readonly unknown[], changes: Partial<Batch> = {}): number {
    const batch = changes.batch ?? ++this.#batches;
    const { isSpread } = changes;
    this.calls.call(key, {
      ...{ batch, kind: 'calls', first: 0, count: isSpread ? 1 : inputs.length, round: 1 },
      data: encodeValue(inputs),
      ...changes,
    });
    return batch;
  }

  /** Queues a batch, and waits for all that comes of it. */
  async batch(
    key: number,
    inputs: readonly unknown[],
    changes: Partial<Batch> = {},
  ): Promise<Outcome> {
    return this.outcome(key, this.send(key, inputs, changes), changes.first);
  }

  async outcome(key: number, batch: number, base = 0): Promise<Outcome> {
    const mine = (): readonly BatchResult[] =>
      this.results.filter((result) => result.key === key && result.batch === batch);
    await this.when(() => mine().some(({ isLast }) => isLast));
    const values = new Map<number, unknown>();
    for (const { data, first, problems } of mine()) {
      const failed = problems.map(({ call }) => call + base);
      const decoded = (data.length > 0 ? decodeValue(data) : []) as unknown[];
      decoded.forEach((value, row) => {
        if (!failed.includes(first + row)) values.set(first + row, value);
      });
    }
    const problems = mine().flatMap((result) =>
      result.problems.map((problem) => ({ ...problem, index: problem.call + base })),
    );
    return { batch, values, problems, results: mine() };
  }

  /** The values of a batch in which nothing goes wrong. */
  async values(key: number, inputs: readonly unknown[]): Promise<unknown[]> {
    const { values, problems } = await this.batch(key, inputs);
    if (problems.length > 0) throw new Error(JSON.stringify(problems[0]));
    return [...values.values()];
  }

  output(key: number, stream: 'stdout' | 'stderr'): string {
    return this.#output.get(`${key} ${stream}`) ?? '';
  }

  async end(key: number): Promise<UnitOutcome> {
    this.calls.finish(key);
    return this.whenEnded(key);
  }

  async whenEnded(key: number): Promise<UnitOutcome> {
    await this.when(() => this.ended.has(key));
    return this.ended.get(key) as UnitOutcome;
  }

  /** Settles when that is so, looking whenever something was reported. */
  when(look: () => boolean): Promise<void> {
    return new Promise((done) => {
      const again = (): void => {
        if (!look()) return;
        this.#waiting.delete(again);
        done();
      };
      this.#waiting.add(again);
      again();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.calls.close(0);
    await this.executor.close(0);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function textOf(part: OutputPart): string {
  if (part === undefined || part === 'not-kept') return '<end>';
  return part instanceof Uint8Array ? Buffer.from(part).toString() : `<${part.missed} missed>`;
}

/**
 * Runs units: those that run programs by the executor of processes, those that call functions by workers,
 * whose processes are the same executor's. Callers need not know which kind a unit is.
 */
import { createExecutor } from '../executor/executor.ts';
import type { Executor, ExecutorEvents, OutputStream } from '../executor/unit-run.ts';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { deathNoteOf } from '../transport/kept-reports.ts';
import { type CallExecutorOptions, createCallExecutor } from '../workers/call-executor.ts';
import type { CallEvents, CallExecutor } from '../workers/call-run.ts';
import { SplitEvents } from '../workers/split-events.ts';
import { CallDesk, type CallDeskParts } from './call-desk.ts';
import { DoubtfulEnds } from './doubtful-ends.ts';
import { inheritedEnvironment } from './node-environment.ts';
import type { Node } from './node-info.ts';
import type { Run, RunOutcome } from './service-work.ts';
import { type PreparationContext, PreparedUnit, type UnitFiles } from './unit-preparation.ts';

/** What runs as a worker, and who starts it. */
export interface WorkerParts {
  /** The file that is one when it is started with `--worker`. Default: that of this program. */
  readonly program?: string;
  /** For tests. */
  readonly create?: (options: CallExecutorOptions) => CallExecutor;
}

/** What is needed to run units, and who is told of them. */
export interface UnitHandsParts {
  readonly settings: AgentSettings;
  /** This start of the agent. */
  readonly agent: string;
  readonly node: Node;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workers: WorkerParts;
  readonly link: CallDeskParts['link'];
  /** Has what travels for units. */
  readonly files: UnitFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Omit<ExecutorEvents, 'ended'> & {
    ended(key: number, outcome: RunOutcome): void;
    /** A map unit has had nothing to do for a moment, or has again. */
    idle(key: number, isIdle: boolean): void;
  };
}

/** Everything that runs units on this node. */
export class UnitHands {
  readonly executor: Executor;
  readonly calls: CallDesk;
  readonly #parts: UnitHandsParts;
  readonly #context: PreparationContext;
  readonly #ends: DoubtfulEnds;

  constructor(parts: UnitHandsParts) {
    this.#parts = parts;
    const { settings, agent, environment, node, link, files, clock, log, events } = parts;
    const split = new SplitEvents(events);
    this.#ends = new DoubtfulEnds(clock, (key, outcome) => split.ended(key, outcome));
    this.executor = createExecutor({
      kind: settings.executor,
      root: settings.root,
      baseEnvironment: { ...inheritedEnvironment(environment), ...settings.environment },
      events: {
        started: (key, at) => split.started(key, at),
        // Also of workers: whoever ends a whole native job ends them, too.
        ended: (key, outcome) => this.#ends.put(key, outcome),
        progress: (...line) => split.progress(...line),
        output: (...output) => split.output(...output),
      },
      clock,
      log,
      ...(settings.koffi !== undefined && { koffi: settings.koffi }),
      ...(settings.settingsFile !== undefined && {
        deathNote: {
          file: deathNoteOf(settings.keptDirectory, agent),
          wantedWhile: settings.settingsFile,
        },
      }),
    });
    const { pilot: pilotId, root } = settings;
    this.#context = { pilotId, root, gpuNames: node.gpuNames, files };
    this.calls = new CallDesk({
      context: this.#context,
      link,
      clock,
      events,
      workers: (callEvents) => this.#workers(split, callEvents),
    });
  }

  /** Runs a unit that has got its slots. */
  run(run: Run): void {
    const { call } = run.template.command;
    if (call !== undefined) this.calls.run(run, call);
    else this.executor.run(new PreparedUnit(run, this.#context));
  }

  /** Ends it, within its own grace and this one. */
  terminate(key: number, graceMs?: number): void {
    if (this.calls.knows(key)) this.calls.terminate(key, graceMs);
    else this.executor.terminate(key, graceMs);
  }

  watch(key: number, stream: OutputStream, on: boolean): void {
    if (this.calls.knows(key)) this.calls.watch(key, stream, on);
    else this.executor.watch(key, stream, on);
  }

  /** The agent was told to go: what has just ended may have been, too. */
  wereTold(): void {
    this.#ends.wereTold();
  }

  /** Ends every process. */
  async close(): Promise<void> {
    await this.calls.close(0);
    await this.executor.close(0);
  }

  #workers(split: SplitEvents, events: CallEvents): CallExecutor {
    const { settings, node, workers, clock, log } = this.#parts;
    const { program = process.argv[1] ?? '', create = createCallExecutor } = workers;
    const { executor } = this;
    const place = { root: settings.root, host: node.name, pilotJob: settings.pilot };
    const cores = node.capacity.cores.length;
    // As little meant for workers as for agents, unless the pilot was given it.
    const environment = { NODE_OPTIONS: settings.environment['NODE_OPTIONS'] ?? '' };
    return create({ executor, split, program, environment, ...place, cores, events, clock, log });
  }
}

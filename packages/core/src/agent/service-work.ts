/** What an agent keeps for each work unit service: templates, running units, reports. */
import { FAILURE_REASONS } from '../model/exit.ts';
import { requestKey, whyNot } from '../model/resources.ts';
import type {
  OutputStream,
  StagedFile,
  StartRun,
  UnitTemplateMessage,
} from '../protocol/messages.ts';
import { AttemptTable } from './attempt-table.ts';
import { RecentRuns } from './recent-runs.ts';
import { ReportBox, type ReportedOutcome } from './report-box.ts';
import type { Allocation, SlotCapacity } from './slots.ts';
import { onlyRows } from './unit-columns.ts';
import { type TravellingFiles, travellingFiles } from './unit-command.ts';
import type { Requesting } from './unit-queue.ts';

/** What the agent holds for one work unit service; it outlives links. */
export interface ServiceWork {
  readonly id: string;
  /** Its number on the present link. */
  channel: number | undefined;
  runningCores: number;
  readonly templates: Map<number, Template>;
  readonly attempts: AttemptTable;
  readonly box: ReportBox;
  readonly recent: RecentRuns;
  /** Streams that somebody wants to see once the unit runs. */
  readonly watches: Map<number, LaterWatch[]>;
  /** By unit: those whose files travel. */
  readonly staged: Map<number, StagedUnit>;
  /** Those that start after others, in the order in which they came. */
  promised: readonly PromisedUnit[];
}

/** A stream that is to be watched once the attempt runs. */
export interface LaterWatch {
  readonly attempt: number;
  readonly stream: OutputStream;
}

/** An attempt of a unit that holds its slots. */
export interface Run {
  /** Unique as long as the agent lives. */
  readonly key: number;
  readonly service: ServiceWork;
  readonly unit: number;
  readonly attempt: number;
  readonly template: UnitTemplateMessage;
  /** JSON of what it has of its own. */
  readonly own: string | null;
  readonly allocation: Allocation;
  /** Milliseconds since the epoch; 0 until its process has started. */
  startedAt: number;
  /** The report box's: where it stands among those that have started. */
  startedRow: number;
  /** Who has asked for it to be terminated. */
  stop: 'cancel' | 'evict' | undefined;
  /** Where it has files that travel. */
  readonly staged?: StagedUnit;
}

/** The executor's outcome, as far as it matters here. */
export interface RunOutcome extends ReportedOutcome {
  /** It ended because it was told to. */
  readonly terminated: boolean;
  /** The streams that it has written to. */
  readonly wrote?: readonly OutputStream[];
  /** Its value is a file, which is to be fetched. */
  readonly leavesValue?: boolean;
  /** Nothing can be started here, whatever it is. */
  readonly isOfNode?: true;
}

/** An attempt whose files travel: it is here before it has slots, and after it had them. */
export interface StagedUnit {
  /** Unique as long as the agent lives; its run has the same. */
  readonly key: number;
  readonly service: ServiceWork;
  readonly unit: number;
  readonly attempt: number;
  readonly priority: number;
  readonly template: Template;
  /** JSON of what it has of its own. */
  readonly own: string | null;
  readonly inputs: readonly StagedFile[];
  /** The value of a call is one where it turns out to be large. */
  outputs: readonly StagedFile[];
  /** `staging`: inputs are on their way, or wait for the node; `leaving`: its processes are gone, and outputs are on theirs. */
  phase: 'staging' | 'queued' | 'running' | 'leaving';
  /** Of one that is leaving. */
  end: { readonly run: Run; readonly outcome: RunOutcome } | undefined;
}

/** An attempt that waits for another unit of its service to end well here, see promised-units.ts. */
export interface PromisedUnit {
  readonly unit: number;
  readonly attempt: number;
  readonly priority: number;
  readonly template: Template;
  /** JSON of what it has of its own. */
  readonly own: string | null;
  /** Whom it starts after. */
  readonly after: { readonly unit: number; readonly attempt: number };
}

/** A template as it was learnt. */
export interface Template extends Requesting {
  readonly message: UnitTemplateMessage;
  /** What travels for each of its units that has nothing of its own to say about it. */
  readonly files: TravellingFiles | undefined;
}

const SPAWN_FAILED = FAILURE_REASONS.indexOf('SPAWN_FAILED');
/** A service of which nothing is known yet. */
export function newService(id: string): ServiceWork {
  return {
    id,
    channel: undefined,
    runningCores: 0,
    templates: new Map(),
    attempts: new AttemptTable(),
    box: new ReportBox(),
    recent: new RecentRuns(),
    watches: new Map(),
    staged: new Map(),
    promised: [],
  };
}

/** Notes a template of the service. */
export function learn(
  service: ServiceWork,
  message: UnitTemplateMessage,
  sharesFiles: boolean,
): void {
  const { id, request, command } = message;
  const files = travellingFiles(command, sharesFiles);
  service.templates.set(id, { message, request, requestKey: requestKey(request), files });
}

/** Why the units of a template can never run: a mistake of the manager's; they must not wait for ever. */
export function whyNever(
  template: Template | undefined,
  id: number,
  { cores, gpus, memory, resources }: SlotCapacity,
): string | undefined {
  if (template === undefined) return `the agent was not told what template ${id} is`;
  return whyNot(template.request, { cores: cores.length, gpus: gpus.length, memory, resources });
}

/** What is reported of an attempt that never had a process. */
export const NOT_STARTED = { userTime: 0, systemTime: 0, maxRss: 0, terminated: false };

/** An attempt that can never run is reported over. */
export function refuse(
  { box }: ServiceWork,
  unit: number,
  attempt: number,
  { problem = '', at }: { readonly problem: string | undefined; readonly at: number },
): void {
  const times = { startedAt: at, finishedAt: at };
  const outcome = { ...NOT_STARTED, reason: SPAWN_FAILED, problem, ...times };
  box.ended({ unit, attempt, startedAt: at }, outcome, false);
}

/** The attempt is over, and is reported as it ended. */
export function reportOver(run: Run, outcome: RunOutcome): void {
  const { service, unit, attempt, stop } = run;
  service.box.over(run);
  if (stop === 'evict' && outcome.terminated) {
    service.box.returned(unit, attempt, run.startedAt > 0, 'evicted');
  } else {
    service.box.ended(run, outcome, stop === 'cancel' && outcome.terminated);
  }
}

/** It is as if the attempt had not run. */
export function handBack(run: Run): void {
  run.service.box.over(run);
  run.service.box.returned(run.unit, run.attempt, run.startedAt > 0, 'evicted');
}

/** Units, and what each has of its own, or starts after. */
export type UnitRows = Pick<StartRun, 'units' | 'attempts' | 'own' | 'after'>;

/** The rows of attempts that are later than any before, noted as such; mostly these are all. */
export function onlyNew(known: AttemptTable, all: UnitRows): UnitRows {
  const { units, attempts, own, after } = all;
  const rows: number[] = [];
  for (let i = 0; i < units.length; i++) {
    const unit = units[i] as number;
    const attempt = attempts[i] as number;
    if (attempt <= known.of(unit)) continue;
    known.set(unit, attempt);
    rows.push(i);
  }
  if (rows.length === units.length) return all;
  return {
    ...onlyRows(all, rows),
    ...(own && { own: rows.map((i) => own[i] ?? null) }),
    ...(after && { after: onlyRows(after, rows) }),
  };
}

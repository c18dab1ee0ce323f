/**
 * What manager and agent say to each other, as plain data.
 *
 * Units travel in columns: one message holds typed arrays with a row for each unit, because a
 * message for each unit was measured at a tenth of the rate. A unit is named by its channel (the
 * work unit service it belongs to, numbered anew on each link), its index there, and its attempt.
 */
import type { CallCommand } from '../model/call-command.ts';
import type { CallProblem } from '../model/call-problem.ts';
import type { NodeInfo, ResourceRequest } from '../model/resources.ts';

/** No frame is larger, its length included: what a peer may make us hold in memory. A message is in one. */
export const LARGEST_FRAME = 16 * 1024 * 1024;

/** A file that travels for a unit, as its node sees it. */
export interface StagedFile {
  /** Its number in `fileTransfer`, or one of ATTRIBUTE_ITEMS: the manager knows what it stands for. */
  readonly item: number;
  /** On the node: absolute, or relative to the unit's working directory. */
  readonly name: string;
  readonly append?: boolean;
  /** That there is no such file is no error. */
  readonly optional?: boolean;
}

/** Arguments of a single call, all of them structured clones. */
export interface CallArguments {
  /** Base64 of the list of arguments, with holes for what is told or brought by itself. */
  readonly inline: string;
  /**
   * Places of the list that other units' values belong in, each as it was reported: base64, or null
   * where it is the staged item `valueItem` of that place. So are large arguments.
   */
  readonly values?: readonly (readonly [place: number, inline: string | null])[];
}

/** What is to be started and how: a parsed description without what only the manager needs. */
export interface UnitCommand {
  /** Empty where a function is called. */
  readonly executable: string;
  /** A function is called, and no program started. */
  readonly call?: CallCommand;
  /** Of a single call; beside `call`, which is the same for many units. */
  readonly args?: CallArguments;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly input?: string;
  readonly output?: string;
  readonly error?: string;
  readonly cleanup?: boolean | 'default';
  readonly numberOfProcesses?: number;
  readonly threadsPerProcess?: number;
  /** Seconds. */
  readonly wallTimeLimit?: number;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly maxCancellationTime?: number;
  /** Brought before the start, in this order. */
  readonly inputs?: readonly StagedFile[];
  /** Fetched when its processes are gone, in this order. */
  readonly outputs?: readonly StagedFile[];
}

/** The part of a unit's description that an agent needs, shared by many units. */
export interface UnitTemplateMessage {
  readonly id: number;
  readonly request: ResourceRequest;
  readonly command: UnitCommand;
}

/** Units of one template and priority, in the order in which they are to start. */
export interface StartRun {
  readonly template: number;
  /** Higher starts first. */
  readonly priority: number;
  readonly units: Uint32Array;
  readonly attempts: Uint16Array;
  /**
   * What a unit has of its own: JSON of a partial {@link UnitCommand}, laid over the template's; null takes a field away.
   * Where it says anything of `inputs` and `outputs`, it begins with both.
   */
  readonly own?: readonly (string | null)[];
  /**
   * A row for each unit: it waits until that attempt, which this agent has, has ended well. Should it end
   * otherwise or be taken back, the unit is handed back.
   */
  readonly after?: UnitColumns;
}

export type OutputStream = 'stdout' | 'stderr';

/** Names units with the attempt that is meant, a row each. */
export interface UnitColumns {
  readonly units: Uint32Array;
  readonly attempts: Uint16Array;
}

/** From the manager to an agent. */
export type ManagerMessage =
  | {
      readonly type: 'welcome';
      readonly protocol: number;
      readonly version: string;
      readonly heartbeatMs: number;
      /** How long the agent goes on without a manager before it ends its units and itself. */
      readonly leaseMs: number;
    }
  | {
      readonly type: 'refuse';
      readonly protocol: number;
      readonly version: string;
      readonly problem: string;
    }
  | { readonly type: 'attach'; readonly channel: number; readonly service: string }
  | {
      readonly type: 'templates';
      readonly channel: number;
      readonly templates: readonly UnitTemplateMessage[];
    }
  | { readonly type: 'start'; readonly channel: number; readonly runs: readonly StartRun[] }
  /** Terminates running units, takes back waiting ones; answered by rows ended or returned. */
  | ({ readonly type: 'cancel'; readonly channel: number } & UnitColumns)
  /** Takes back units that have not started; running ones ignore it. */
  | ({ readonly type: 'recall'; readonly channel: number } & UnitColumns)
  /** Reports up to this number are journalled; the agent forgets them. */
  | { readonly type: 'ack'; readonly channel: number; readonly seq: number }
  | {
      readonly type: 'watch';
      readonly channel: number;
      readonly unit: number;
      /** Of which the agent may not have heard yet. Absent where the manager is of an older version. */
      readonly attempt?: number;
      readonly stream: OutputStream;
      readonly on: boolean;
      /** So many bytes of what that attempt has written are not wanted any more: they have come by an earlier link. */
      readonly from?: number;
    }
  | { readonly type: 'end'; readonly graceMs: number; readonly why: string }
  | { readonly type: 'pulse'; readonly at: number };

/** Units that have started, a row each. */
export interface StartedColumns extends UnitColumns {
  /** Milliseconds since the epoch, by the node's clock. */
  readonly at: Float64Array;
}

/**
 * Units whose attempt is over, a row each. A row counts as its start too if that was not reported.
 *
 * `exitCodes` holds -1 where a signal or a problem ended the unit; `reasons` are indexes into
 * FAILURE_REASONS; `terminated` is 1 where the manager's cancel ended it. `details` is sparse:
 * row, problem or '', tail of the standard error or ''. So is `values`, for single calls: row, the
 * structured clone of a list with what was returned alone, or why nothing was. A call that ended well
 * and has no row there has left its value, in the same form, as the file of ATTRIBUTE_ITEMS.value.
 */
export interface EndedColumns extends UnitColumns {
  readonly exitCodes: Int16Array;
  readonly signals: Uint8Array;
  readonly reasons: Uint8Array;
  readonly terminated: Uint8Array;
  readonly startedAt: Float64Array;
  readonly finishedAt: Float64Array;
  /** Seconds of processor time. */
  readonly userTime: Float32Array;
  readonly systemTime: Float32Array;
  /** KiB. */
  readonly maxRss: Uint32Array;
  readonly details?: readonly (readonly [row: number, problem: string, stderrTail: string])[];
  readonly values?: readonly (readonly [row: number, value: Uint8Array | CallProblem])[];
}

/** A value in a report has no more bytes, for the manager keeps it in memory; what is larger travels as a file. */
export const VALUE_BYTES = 16 * 1024;

/** Units that the agent gives back without a result. */
export interface ReturnedColumns extends UnitColumns {
  /** 1: it had started and was terminated for this; 0: it never started. */
  readonly started: Uint8Array;
  /** `asked`: recalled or canceled by the manager; `evicted`: the agent ends. */
  readonly why: 'asked' | 'evicted';
}

/** All that an agent knows of one service's units. */
export interface HeldUnits extends UnitColumns {
  /**
   * 0: waiting at the agent, for inputs or slots; 1: running, or its outputs are on their way; 2: over, and in a report that it is about
   * to repeat.
   */
  readonly phases: Uint8Array;
}

/** Why an agent ends, by itself or by order. */
export type EndReason = 'ordered' | 'time-limit' | 'idle' | 'signal' | 'lease' | 'failed';

/** What an agent says first on every link. */
export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly version: string;
  readonly pilot: string;
  /** Unique for each start of an agent: a new one holds nothing of an old one's. */
  readonly agent: string;
  readonly node: NodeInfo;
  /** Milliseconds until the agent begins to end its units, if it has a wall-time limit. */
  readonly remainingMs?: number;
}

/** What has happened to units; kept by the agent, and repeated on a new link, until acknowledged. */
export interface Report {
  readonly type: 'report';
  readonly channel: number;
  readonly seq: number;
  readonly started?: StartedColumns;
  readonly ended?: EndedColumns;
  readonly returned?: ReturnedColumns;
}

/** A report before it has a channel: the number of one differs from link to link. */
export type SealedReport = Omit<Report, 'type' | 'channel'>;

/** From an agent to the manager. */
export type AgentMessage =
  | Hello
  /** The answer to each attach, before anything else on that channel. */
  | ({ readonly type: 'held'; readonly channel: number } & HeldUnits)
  | Report
  | {
      readonly type: 'progress';
      readonly channel: number;
      readonly unit: number;
      readonly attempt: number;
      readonly fraction?: number;
      readonly message: string;
      readonly at: number;
    }
  | {
      /** Without a chunk: the stream has ended. */
      readonly type: 'output';
      readonly channel: number;
      readonly unit: number;
      /** Absent where the agent is of an older version. */
      readonly attempt?: number;
      readonly stream: OutputStream;
      readonly chunk?: Uint8Array;
      /**
       * With a chunk: how much the attempt has written up to the end of it. Absent where the agent is of an older
       * version, which always begins anew.
       */
      readonly end?: number;
      /** It has ended, and what was in it is gone. */
      readonly notKept?: boolean;
    }
  /** The remaining time again, as in {@link Hello}: the manager's clock may have been set since. */
  | { readonly type: 'pulse'; readonly at: number; readonly remainingMs?: number }
  | { readonly type: 'bye'; readonly reason: EndReason; readonly problem?: string };

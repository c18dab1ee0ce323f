/**
 * How calls of functions travel between the manager's machine and a node, as plain data, on the
 * agent's own link.
 *
 * A *call* is one application of a function to one input. The calls of a map travel in *batches* of
 * consecutive inputs, to *map units*: work units that hold slots on a node, keep a warm worker there,
 * and take batches until there are none. A batch belongs to one attempt of one map unit, and its
 * results are kept there until they are acknowledged; on each new link the agent says which batches
 * it has, and repeats what was not acknowledged. Values are opaque here: structured clones as bytes.
 * What is large comes in parts, in order, so that no message fills a frame.
 */
import type { CallProblem } from '../model/call-problem.ts';

/** No message has more bytes of values than this: what is more comes in parts. */
const PART_BYTES = 256 * 1024;
/**
 * On a link that does not leave the machine, where they take a few milliseconds. What comes in one part
 * is not copied to be put together: of 1 MB there and back two copies less, of nine.
 */
const NEAR_PART_BYTES = 4 * 1024 * 1024;

/** How many bytes of values a message on such a link may have. */
export function partBytes(link: { readonly isNear?: boolean }): number {
  return link.isNear ? NEAR_PART_BYTES : PART_BYTES;
}

/** Names an attempt of a map unit. */
export interface MapUnit {
  readonly unit: number;
  readonly attempt: number;
}

/** A run of bytes of something larger, in order; `Data` is what its sender has them as. */
export interface Part<Data = Uint8Array> {
  /** Where it begins. */
  readonly at: number;
  /** How many bytes there are altogether. */
  readonly size: number;
  /** Last, and of its own: it is not copied. */
  readonly data: Data;
}

/** What a batch is: calls, or two partial results of a reduce that are to become one. */
export type BatchKind = 'calls' | 'combine';

/** From the manager, without the channel. */
export type ManagerCallMessage<Data = Uint8Array> =
  /** A batch for a map unit; its worker does them in order of arrival. */
  | ({
      readonly type: 'calls';
      readonly batch: number;
      readonly kind: BatchKind;
      /** The index of the first input, and how many there are. */
      readonly first: number;
      readonly count: number;
      /** Which attempt of these calls it is, counted from 1. */
      readonly round: number;
    } & MapUnit &
      Part<Data>)
  /** These batches are not wanted any more; one that is under way is let go on. Answered by `calls-dropped`. */
  | ({ readonly type: 'calls-drop'; readonly batches: Uint32Array } & MapUnit)
  /** The results of these batches are safe, and may be forgotten. */
  | ({ readonly type: 'calls-ack'; readonly batches: Uint32Array } & MapUnit)
  /** Say again what is held, and repeat what was not acknowledged: there is somebody now who wants it. */
  | ({ readonly type: 'calls-resume' } & MapUnit)
  /** Of a reduce: send what was folded so far as the result `batch`; the unit begins anew after it. */
  | ({ readonly type: 'fold-wanted'; readonly batch: number } & MapUnit)
  /** There is nothing more to do: the unit ends, Done, when all that it has is acknowledged. */
  | ({ readonly type: 'calls-over' } & MapUnit)
  /** The code or source map that was asked for; no data at all and `problem` where there is none. */
  | ({ readonly type: 'module'; readonly module: string; readonly problem?: string } & Part<Data>);

/** From an agent, without the channel. */
export type AgentCallMessage =
  /** A map unit has its worker, or there is a new link, or it was told to resume: these batches are there. */
  | ({
      readonly type: 'calls-ready';
      readonly held: Uint32Array;
      readonly firsts: Float64Array;
      readonly counts: Uint32Array;
    } & MapUnit)
  /**
   * Calls of a batch are over: `count` of them from the one of index `first`, in order; those with a problem have no
   * value. The last of a batch says so; a batch may come in several, and the calls that none of them has were not done.
   * Where such a message comes in parts, its problems come with the last of them.
   */
  | ({
      readonly type: 'results';
      readonly batch: number;
      readonly first: number;
      readonly count: number;
      /** Milliseconds that these calls took, together. */
      readonly ms: number;
      readonly isLast: boolean;
      readonly problems?: readonly CallProblem[];
      /** Of a reduce: no values, they are folded in. */
      readonly isFolded?: boolean;
      /** Of a reduce: a worker has ended, and what was folded before these calls is lost. */
      readonly isFoldLost?: boolean;
    } & MapUnit &
      Part)
  /** These were not begun, and are given back. */
  | ({ readonly type: 'calls-dropped'; readonly batches: Uint32Array } & MapUnit)
  /**
   * The unit gives way to others: it has done what it had begun and given back the rest, takes nothing more, and ends,
   * Done, when all is acknowledged; where it folds, only when it is told `calls-over`.
   */
  | ({ readonly type: 'calls-yield' } & MapUnit)
  /** The code of a module is wanted, by its hash; or its source map, by the hash and `.map`. */
  | { readonly type: 'module-wanted'; readonly module: string };

const TYPES: readonly string[] = [
  'calls',
  'calls-drop',
  'calls-ack',
  'calls-resume',
  'fold-wanted',
  'calls-over',
  'module',
  'calls-ready',
  'results',
  'calls-dropped',
  'calls-yield',
  'module-wanted',
] satisfies readonly (AgentCallMessage | ManagerCallMessage)['type'][];

/** Whether a message is about calls of functions. */
export function isCallMessage<Message extends { readonly type: string }>(
  message: Message,
): message is Extract<Message, AgentCallMessage | ManagerCallMessage> {
  return TYPES.includes(message.type);
}

/**
 * How files travel between the manager's machine and a node, as plain data, on the agent's own link.
 *
 * A *transfer* is one item of one attempt: a file, or a directory with all that is in it. It is the
 * agent that asks for each, in both directions, and numbers it; it names the unit and the item and no
 * path, so it gets at nothing but what the unit's own description names. Small files travel many in
 * one message, of many transfers together; large ones in chunks, of which only so many may be on the
 * way that the receiver has not written. What was lost with a link is asked for again on the next.
 */
import type { UnitColumns } from './messages.ts';

/**
 * Items are named by their number in `fileTransfer`; these are the attributes beside it, and what a
 * single call has returned.
 */
export const ATTRIBUTE_ITEMS = { input: -1, output: -2, error: -3, value: -4 } as const;

/** The item that belongs in this place of a call's list of arguments, and did not fit into that. */
export function valueItem(place: number): number {
  return ATTRIBUTE_ITEMS.value - 1 - place;
}

/** The stamp of what a unit has returned: whoever has kept it is not sent it. */
export function valueStamp(service: string, unit: number, attempt: number): string {
  return `value-${service}.${unit}-${attempt}`;
}

/** What a row of a {@link PackMessage} is. */
export const PIECE = {
  /** A whole file. */
  file: 0,
  directory: 1,
  /** A symbolic link; its data is where it points to. */
  link: 2,
  /** A file whose chunks follow; it is over with the last of its bytes. */
  large: 3,
  /** The transfer is complete. Its data is an {@link encodeEnd}. */
  end: 4,
  /** The transfer has failed at its source. Its data is a {@link TransferProblem} as JSON. */
  failed: 5,
  /**
   * The same as what the receiver has kept, where it is shared, or what is coming already; its data
   * is an {@link encodeEnd}.
   */
  same: 6,
} as const;

/** One of {@link PIECE}. */
export type PieceKind = (typeof PIECE)[keyof typeof PIECE];

/** No chunk and no pack has more data. */
export const PACK_BYTES = 512 * 1024;
/** Nor a pack more rows. */
export const PACK_ROWS = 512;
/** A file that is larger comes in chunks. */
export const LARGE_BYTES = 128 * 1024;
/** So much of a large file may be on its way without having been written. */
export const WINDOW_BYTES = 4 * 1024 * 1024;

/** Why a transfer has failed. */
export interface TransferProblem {
  /** Names the file, the machine and what the system said. */
  readonly problem: string;
  /** The same transfer may succeed when it is tried again. */
  readonly transient?: boolean;
  /** There is no such file: no problem where it was optional. */
  readonly isMissing?: boolean;
  /** The machine that was to write it is to blame, whatever was written: its disk is full, say. */
  readonly isOfMachine?: boolean;
}

/** Names items of attempts, a row each; their transfers are numbered from `first` on. */
export interface TransferColumns extends UnitColumns {
  readonly first: number;
  readonly items: Int32Array;
}

/** Pieces of transfers in the order in which they are to be made, a row each. */
export interface PackMessage {
  readonly type: 'pack';
  readonly transfers: Uint32Array;
  readonly kinds: Uint8Array;
  readonly modes: Uint16Array;
  /** Of a row in `data`; of a large file, of all its chunks. */
  readonly sizes: Float64Array;
  /** Within the transfer's directory, and '' for its top; left out where all rows are tops. */
  readonly names?: readonly string[];
  readonly data: Uint8Array;
  /** Of `data`. */
  readonly sha256: Uint8Array;
}

/** The next bytes of a transfer's large file. */
export interface ChunkMessage {
  readonly type: 'chunk';
  readonly transfer: number;
  readonly at: number;
  /** Of `data`. */
  readonly sha256: Uint8Array;
  readonly data: Uint8Array;
}

/** So many more bytes of a transfer's chunks have been written. */
export interface CreditMessage {
  readonly type: 'credit';
  readonly transfer: number;
  readonly bytes: number;
}

/** What both sides say. */
export type PieceMessage = PackMessage | ChunkMessage | CreditMessage;

/** From an agent, without the channel. */
export type AgentTransfer =
  | PieceMessage
  /** It wants inputs; `isFresh`: it no longer has what it was told is the same. */
  | ({ readonly type: 'fetch'; readonly isFresh?: boolean } & TransferColumns)
  /** It is about to send outputs. */
  | ({ readonly type: 'offer' } & TransferColumns)
  /** It wants to hear nothing more of these. */
  | { readonly type: 'drop'; readonly transfers: Uint32Array }
  /** What it has kept for other units, and what it has no longer, by their stamps. */
  | { readonly type: 'stamps'; readonly has: readonly string[]; readonly lost: readonly string[] };

/** From the manager, without the channel. */
export type ManagerTransfer =
  | PieceMessage
  /** What was offered is where it belongs, or will never be: row, what was wrong. */
  | {
      readonly type: 'landed';
      readonly transfers: Uint32Array;
      readonly problems?: readonly (readonly [row: number, problem: TransferProblem])[];
    };

/** A transfer message on a link. */
export type OnChannel<Message> = Message & { readonly channel: number };

const TYPES: readonly string[] = [
  'pack',
  'chunk',
  'credit',
  'fetch',
  'offer',
  'drop',
  'stamps',
  'landed',
] satisfies readonly (AgentTransfer | ManagerTransfer)['type'][];

/** Whether a message is about files, and not about units. */
export function isTransfer<Message extends { readonly type: string }>(
  message: Message,
): message is Extract<Message, AgentTransfer | ManagerTransfer> {
  return TYPES.includes(message.type);
}

/** What a complete transfer says of itself. */
export interface TransferEnd {
  /** The source's own name, for a target that is a directory. */
  readonly name: string;
  /** Tells this content from any other; '' when it cannot be told. */
  readonly stamp: string;
  /** Other units want the same. */
  readonly isShared: boolean;
}

/** As the data of a row; short, for a million small files may have one each. */
export function encodeEnd({ name, stamp, isShared }: TransferEnd): string {
  return `${isShared ? '+' : '-'}${stamp}\n${name}`;
}

/** What {@link encodeEnd} has made. */
export function decodeEnd(text: string): TransferEnd {
  const line = text.indexOf('\n');
  return {
    name: text.slice(line + 1),
    stamp: text.slice(1, line),
    isShared: text.startsWith('+'),
  };
}

/**
 * What the items that an agent names stand for on this machine. Agents name no path here: only the
 * user's own descriptions do, and only for the attempt that is bound to the agent that asks.
 */
import { localName, remoteName } from '../model/file-transfer.ts';
import type { PackedArgs } from '../model/packed-args.ts';
import type { ParsedWorkUnitDescription } from '../model/work-unit-description.ts';
import { ATTRIBUTE_ITEMS, valueItem } from '../protocol/transfer-messages.ts';
import type { WorkState } from './work-state.ts';

/** A file of the submitting machine that is read or written for an attempt. */
export interface LocalFile {
  /** Absolute. With a `/` at its end it is a directory that receives the file under its own name. */
  readonly path: string;
  /** What it is called on the node. */
  readonly remote: string;
  /** `in`: it is read; `out`: it is written. */
  readonly direction: 'in' | 'out';
  readonly append: boolean;
  readonly optional: boolean;
  /**
   * Of a value: tells it from any other, so that nobody needs to look at the file. Such a file is the
   * service's own, and durable once it is written.
   */
  readonly stamp?: string;
  /**
   * Of such a file that is read: whose value it is, for people, and what its bytes sum up to where that is not
   * written beside it.
   */
  readonly value?: { readonly what: string; readonly sha256?: string };
}

/** A value of the service's that is read or written for an attempt, and not one of its user's files. */
export type ValueFile =
  | { readonly direction: 'in' | 'out'; readonly unit: number }
  | { readonly direction: 'in'; readonly sha256: string };

/** Why an agent gets nothing. */
export interface NoLocalFile {
  readonly problem: string;
}

/** The attributes of a description that name files. */
type NamedFiles = Pick<
  ParsedWorkUnitDescription,
  'fileTransfer' | 'input' | 'output' | 'error' | 'call'
> & { readonly args?: PackedArgs };

/** What an attempt's items stand for: to be asked for once for all items of a unit. */
export class AttemptFiles {
  readonly #unit: number;
  readonly #named: NamedFiles;

  constructor(unit: number, named: NamedFiles) {
    this.#unit = unit;
    this.#named = named;
  }

  /** @param item the number of a `fileTransfer`, or one of ATTRIBUTE_ITEMS, or a `valueItem` */
  at(item: number): LocalFile | ValueFile | NoLocalFile {
    if (item <= ATTRIBUTE_ITEMS.value) return this.#value(item);
    const { fileTransfer = [], input, output, error } = this.#named;
    if (item === ATTRIBUTE_ITEMS.input) return attributeFile('input', input);
    if (item === ATTRIBUTE_ITEMS.output) return attributeFile('output', output);
    if (item === ATTRIBUTE_ITEMS.error) return attributeFile('error', error);
    const transfer = fileTransfer[item];
    if (transfer === undefined) return { problem: `the unit has no fileTransfer ${item}` };
    const { direction, append = false, optional = false } = transfer;
    const names = { path: localName(transfer), remote: remoteName(transfer) };
    return { ...names, direction, append, optional };
  }

  #value(item: number): ValueFile | NoLocalFile {
    const { call, args } = this.#named;
    if (call?.isMap === false && item === ATTRIBUTE_ITEMS.value) {
      return { direction: 'out', unit: this.#unit };
    }
    const isThere = ([place]: readonly [number, unknown]): boolean => valueItem(place) === item;
    const unit = args?.values?.find(isThere)?.[1];
    if (unit !== undefined) return { direction: 'in', unit };
    const sha256 = args?.files?.find(isThere)?.[1];
    if (sha256 !== undefined) return { direction: 'in', sha256 };
    return { problem: `the unit has no value ${item}` };
  }
}

/**
 * The files of the attempt of a unit that is bound to an agent now, and nothing of any other: who has
 * lost it must not write what another attempt writes.
 */
export function filesOfAttempt(
  state: WorkState,
  agentId: string,
  unit: number,
  attempt: number,
): AttemptFiles | NoLocalFile {
  const place = state.places.ofAgent(agentId);
  if (place === undefined || place.status === 'gone' || !state.isPresent(unit, attempt, place)) {
    return { problem: 'the attempt is not bound to this agent' };
  }
  return new AttemptFiles(unit, namedFiles(state, unit));
}

/** Whether files are brought to a unit before it starts, as far as its description alone tells. */
export function hasInputs(state: WorkState, unit: number): boolean {
  const { fileTransfer = [] } = namedFiles(state, unit);
  return fileTransfer.some(({ direction }) => direction === 'in');
}

/** What a unit's description says of files. */
export function namedFiles(state: WorkState, unit: number): NamedFiles {
  const { description } = state.template(unit);
  const own = state.units.own(unit);
  if (own === null) return description;
  const merged = { ...description, ...(JSON.parse(own) as object) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

function attributeFile(
  attribute: 'input' | 'output' | 'error',
  path: string | undefined,
): LocalFile | NoLocalFile {
  if (path?.startsWith('/') !== true) return { problem: `the unit's ${attribute} does not travel` };
  const direction = attribute === 'input' ? 'in' : 'out';
  return { path, remote: '', direction, append: false, optional: false };
}

/**
 * What the items that an agent names stand for on this machine. Agents name no path here: only the
 * user's own descriptions do, and only for the attempt that is bound to the agent that asks.
 */
import { localName, remoteName } from '../model/file-transfer.ts';
import type { ParsedWorkUnitDescription } from '../model/work-unit-description.ts';
import { ATTRIBUTE_ITEMS } from '../protocol/transfer-messages.ts';
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
}

/** Why an agent gets nothing. */
export interface NoLocalFile {
  readonly problem: string;
}

/** The attributes of a description that name files. */
type NamedFiles = Pick<ParsedWorkUnitDescription, 'fileTransfer' | 'input' | 'output' | 'error'>;

/** What an attempt's items stand for: to be asked for once for all items of a unit. */
export class AttemptFiles {
  readonly #named: NamedFiles;

  constructor(named: NamedFiles) {
    this.#named = named;
  }

  /** @param item the number of a `fileTransfer`, or one of ATTRIBUTE_ITEMS */
  at(item: number): LocalFile | NoLocalFile {
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
  return new AttemptFiles(namedFiles(state, unit));
}

/** Whether files are brought to a unit before it starts, as far as its description alone tells. */
export function hasInputs(state: WorkState, unit: number): boolean {
  const { fileTransfer = [] } = namedFiles(state, unit);
  return fileTransfer.some(({ direction }) => direction === 'in');
}

/** What a unit's description says of files. */
function namedFiles(state: WorkState, unit: number): NamedFiles {
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

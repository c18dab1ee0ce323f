/**
 * Which files travel for a work unit, in each form that users may write it, and the one that we keep.
 *
 * What is in these files, and whether they are there, is not known here.
 */
import { DescriptionError } from './errors.ts';
import { written } from './written.ts';

/** A file, or a directory with all that is in it, that is brought to the unit or fetched from it. */
export interface FileTransfer {
  /** Where it is: on the submitting machine for `in`, on the node for `out`. */
  readonly source: string;
  /** Where it goes: on the node for `in`, on the submitting machine for `out`. */
  readonly target: string;
  /** `in`: before the start, to the node; `out`: after the end, from the node. Default: `in`. */
  readonly direction?: 'in' | 'out' | undefined;
  /** Added to the end of a target that is there, instead of replacing it. Default: false. */
  readonly append?: boolean | undefined;
  /** That there is no such file is no error. Default: false. */
  readonly optional?: boolean | undefined;
}

/**
 * How {@link FileTransfer} may be written: SAGA's directives name the submitting machine's file first,
 * as in `'data.csv > input.csv'` (`>>` appends) and `'result.csv < output.csv'` (`<<` appends). Names
 * with spaces are quoted.
 */
export type FileTransferInput = string | FileTransfer;

/** A {@link FileTransfer} as we keep it: what is not so is left out. */
export interface ParsedFileTransfer {
  readonly source: string;
  readonly target: string;
  readonly direction: 'in' | 'out';
  readonly append?: true;
  readonly optional?: true;
}

const DIRECTIVE =
  /^\s*("[^"]+"|'[^']+'|[^\s<>"'][^\s<>]*)\s*(>>|>|<<|<)\s*("[^"]+"|'[^']+'|[^\s<>"'][^\s<>]*)\s*$/;
const SCHEME = /^[A-Za-z][\w+.-]*:\/\//;
const KEYS: ReadonlySet<string> = new Set(['source', 'target', 'direction', 'append', 'optional']);
const HINT =
  "write 'local > remote' or 'local < remote', names with spaces in quotes, or { source, target, direction: 'in' }";

/**
 * Directives, in one form and in the order given.
 *
 * @param absolute what a relative name of the submitting machine stands for
 * @throws DescriptionError `DESCRIPTION_INVALID`, without a subject.
 */
export function readFileTransfer(
  value: readonly FileTransferInput[],
  absolute: (name: string) => string = (name) => name,
): readonly ParsedFileTransfer[] {
  if (!Array.isArray(value)) throw refusal(value, "write ['local > remote']");
  const transfers = Array.from(value, (item) => withAbsolute(readOne(item), absolute));
  refuseSameTargets(transfers, 'in');
  refuseSameTargets(transfers, 'out');
  return transfers;
}

/** The name on the submitting machine. */
export function localName({ direction, source, target }: ParsedFileTransfer): string {
  return direction === 'in' ? source : target;
}

/** The name on the node: absolute, or relative to the unit's working directory. */
export function remoteName({ direction, source, target }: ParsedFileTransfer): string {
  return direction === 'in' ? target : source;
}

function readOne(value: unknown): ParsedFileTransfer {
  if (typeof value === 'string') return readDirective(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(value);
  const strange = Object.keys(value).find((key) => !KEYS.has(key));
  if (strange !== undefined) {
    throw refusal(value, `leave out '${strange}': it has ${[...KEYS].join(', ')}`);
  }
  const { source, target, direction = 'in', append, optional } = value as FileTransfer;
  if (direction !== 'in' && direction !== 'out') {
    throw refusal(value, "write direction: 'in' or 'out'");
  }
  const names = { source: name(source, value), target: name(target, value) };
  return {
    ...names,
    direction,
    ...(flag(append, 'append', value) && { append: true }),
    ...(flag(optional, 'optional', value) && { optional: true }),
  };
}

function readDirective(text: string): ParsedFileTransfer {
  const match = DIRECTIVE.exec(text);
  if (match === null) throw refusal(text);
  const [, first = '', operator = '', second = ''] = match;
  const local = name(unquoted(first), text);
  const remote = name(unquoted(second), text);
  const isIn = operator.startsWith('>');
  return {
    source: isIn ? local : remote,
    target: isIn ? remote : local,
    direction: isIn ? 'in' : 'out',
    ...(operator.length === 2 && { append: true }),
  };
}

function unquoted(text: string): string {
  return text.startsWith('"') || text.startsWith("'") ? text.slice(1, -1) : text;
}

function name(value: unknown, whole: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') throw refusal(whole);
  if (value.includes('\0')) {
    throw refusal(whole, 'take the NUL byte out: the operating system ends names at it');
  }
  if (SCHEME.test(value))
    throw refusal(whole, 'write paths: files travel from and to this machine');
  return value;
}

function flag(value: unknown, which: string, whole: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw refusal(whole, `write ${which}: true or false`);
  return value;
}

function withAbsolute(
  transfer: ParsedFileTransfer,
  absolute: (name: string) => string,
): ParsedFileTransfer {
  const local = localName(transfer);
  const resolved = absolute(local);
  if (resolved === local) return transfer;
  return transfer.direction === 'in'
    ? { ...transfer, source: resolved }
    : { ...transfer, target: resolved };
}

/** One that replaces what another has brought to the same place was not meant. */
function refuseSameTargets(transfers: readonly ParsedFileTransfer[], way: 'in' | 'out'): void {
  let count = 0;
  for (const { direction } of transfers) if (direction === way) count++;
  if (count < 2) return;
  const targets = new Set<string>();
  for (const transfer of transfers) {
    const { direction, append } = transfer;
    if (direction !== way) continue;
    const into = placeOf(transfer);
    const place = into.replace(/^(?:\.\/)+/, '');
    if (targets.has(place) && !append) {
      throw new DescriptionError('DESCRIPTION_INVALID', `${written(into)} is the target of two`, {
        hint: `give each a target of its own, or append: 'local ${way === 'in' ? '>>' : '<<'} remote'`,
      });
    }
    targets.add(place);
  }
}

/**
 * Refuses what is fetched to a file of the submitting machine that the unit's `output` or `error` are written to.
 *
 * @param transfers with absolute local names
 * @throws DescriptionError `DESCRIPTION_INVALID`
 */
export function refuseStreamTargets(
  transfers: readonly ParsedFileTransfer[],
  streams: { readonly output?: string | undefined; readonly error?: string | undefined },
): void {
  for (const attribute of ['output', 'error'] as const) {
    const file = streams[attribute];
    // A relative one is of the node.
    if (typeof file !== 'string' || !file.startsWith('/')) continue;
    const isSame = (transfer: ParsedFileTransfer): boolean =>
      transfer.direction === 'out' && plain(placeOf(transfer)) === plain(file);
    if (!transfers.some(isSame)) continue;
    throw new DescriptionError(
      'DESCRIPTION_INVALID',
      `${written(file)} is the target of two, and ${attribute} is the other`,
      { subject: 'fileTransfer', hint: 'give each a target of its own' },
    );
  }
}

/** Where it goes, with its own name where the target is a directory. */
function placeOf({ source, target }: ParsedFileTransfer): string {
  return target.endsWith('/') ? `${target}${source.replace(/^.*\/(?=.)/, '')}` : target;
}

/** Without what changes nothing in an absolute name. */
function plain(path: string): string {
  return path.replace(/\/(?:\.?\/)+/g, '/');
}

function refusal(value: unknown, hint = HINT): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no file transfer`, {
    hint,
  });
}

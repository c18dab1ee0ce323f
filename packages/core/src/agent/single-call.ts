/** A single call as a unit: its arguments put together, and what became of it as the unit's end. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CallProblem } from '../model/call-problem.ts';
import { FAILURE_REASONS } from '../model/exit.ts';
import { type CallArguments, VALUE_BYTES } from '../protocol/messages.ts';
import { ATTRIBUTE_ITEMS, valueItem } from '../protocol/transfer-messages.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import { problemOf } from '../staging/problems.ts';
import type { BatchResult } from '../workers/call-run.ts';
import { spliceArgs } from '../workers/spliced-args.ts';
import { boundedProblems } from './call-problems.ts';
import type { RunOutcome } from './service-work.ts';

const CALL_FAILED = FAILURE_REASONS.indexOf('CALL_FAILED');
const TIME_LIMIT = FAILURE_REASONS.indexOf('TIME_LIMIT');
const STAGING_INTERRUPTED = FAILURE_REASONS.indexOf('STAGING_INTERRUPTED');

/** The file on this node that an item of a unit is. */
type FileOf = (item: number) => string;

/** A call's arguments as its worker reads them. */
export async function argumentsOf(args: CallArguments, fileOf: FileOf): Promise<Uint8Array> {
  const { inline, values = [] } = args;
  const read = async (place: number, text: string | null): Promise<[number, Uint8Array]> => {
    const isHere = text !== null;
    return [place, isHere ? Buffer.from(text, 'base64') : await readFile(fileOf(valueItem(place)))];
  };
  const all = await Promise.all(values.map(([place, text]) => read(place, text)));
  return spliceArgs(Buffer.from(inline, 'base64'), all);
}

/**
 * How a unit has ended whose call did so. A value that is too large for a report is left in its file
 * when this settles.
 */
export async function outcomeOf(
  ended: RunOutcome,
  result: BatchResult | undefined,
  fileOf: FileOf,
): Promise<RunOutcome> {
  if (result === undefined) return ended;
  const [problem] = result.problems;
  if (problem !== undefined) return failed(ended, problem);
  if (ended.reason !== 0 || ended.terminated) return ended;
  const { data } = result;
  if (data.length <= VALUE_BYTES) return { ...ended, value: data };
  const path = fileOf(ATTRIBUTE_ITEMS.value);
  try {
    await makeDirectory(dirname(path), 0o700);
    await writeFile(path, data, { mode: 0o600 });
    return { ...ended, leavesValue: true };
  } catch (error) {
    const { problem: words } = problemOf(error, 'written', path);
    return without(ended, { reason: STAGING_INTERRUPTED, problem: words });
  }
}

function failed(ended: RunOutcome, problem: CallProblem): RunOutcome {
  const [value = problem] = boundedProblems([problem]);
  const { kind, name, message, stderrTail } = value;
  return without(ended, {
    reason: kind === 'time-limit' ? TIME_LIMIT : CALL_FAILED,
    problem: message === '' ? name : `${name}: ${message}`,
    ...(stderrTail !== undefined && { stderrTail }),
    value,
  });
}

/** A call that failed has no exit code, though its worker may go on well. */
function without({ exitCode: _, ...ended }: RunOutcome, why: Partial<RunOutcome>): RunOutcome {
  return { ...ended, ...why };
}

/** Options of calls: each has its reader, and what no reader is for is refused by name. */
import { isRecord } from '../../model/attribute-readers.ts';
import { DescriptionError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';
import { written } from '../../model/written.ts';
import { readSignal } from './option-readers.ts';

/** The last parameter of every call that can take long. */
export interface CallOptions {
  /** Gives the call up with `ABORTED`; what it has begun is undone, or said to go on. */
  readonly signal?: AbortSignal | undefined;
}

/** What reads each of some options; it throws DescriptionErrors that do not know which one it was. */
export type OptionReaders<T> = {
  readonly [K in keyof T]-?: (value: Exclude<T[K], undefined>) => unknown;
};

/** Options as they were read; what was not given is not there. */
export type ReadOptions<R> = {
  readonly [K in keyof R]?: R[K] extends (value: never) => infer Out ? Out : never;
};

/** Of a call that has only these. */
export const CALL_READERS = { signal: readSignal } as const satisfies OptionReaders<CallOptions>;

/**
 * Reads the options of a call.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID` for what are no options, one that does not exist, or one of
 * a wrong value; `subject` is the option
 */
export function readOptions<T extends object, R extends OptionReaders<T>>(
  options: T,
  readers: R,
): ReadOptions<R> {
  return readEach(options, readers, 'options');
}

/** Reads an option that has options of its own. */
export function optionsOf<T extends object, R extends OptionReaders<T>>(
  readers: R,
): (options: T) => ReadOptions<R> {
  return (options) => readEach(options, readers, undefined);
}

function readEach<T extends object, R extends OptionReaders<T>>(
  options: T,
  readers: R,
  subject: string | undefined,
): ReadOptions<R> {
  if (!isRecord(options)) {
    throw new DescriptionError('DESCRIPTION_INVALID', `${written(options)} is no object`, {
      subject,
      hint: `write { ${Object.keys(readers)[0]}: … }, or leave it out`,
    });
  }
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(readers, name)) throw unknown(name, Object.keys(readers));
    if (value === undefined) continue;
    read[name] = readAs(name, readers[name as keyof T] as (value: unknown) => unknown, value);
  }
  return read as ReadOptions<R>;
}

/** Reads what a reader does not know the name of; its errors name it. */
export function readAs<In, Out>(name: string, reader: (value: In) => Out, value: In): Out {
  try {
    return reader(value);
  } catch (error) {
    if (!(error instanceof DescriptionError)) throw error;
    throw error.of(error.subject === undefined ? name : `${name}.${error.subject}`);
  }
}

function unknown(name: string, known: readonly string[]): DescriptionError {
  const meant = nearest(name, known);
  return new DescriptionError('DESCRIPTION_INVALID', 'is no option', {
    subject: name,
    hint: meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`,
  });
}

/**
 * Reads options that are no attributes of descriptions. Each throws DescriptionError
 * `DESCRIPTION_INVALID` without a subject.
 */
import type { Adaptor } from '../../adaptor/adaptor.ts';
import { DescriptionError } from '../../model/errors.ts';
import { written } from '../../model/written.ts';
import type { Log } from '../../runtime/log.ts';

function refusal(value: unknown, kind: string, hint: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no ${kind}`, { hint });
}

/** What an object has that may be of a class, or be none. */
function hasMethods(value: unknown, names: readonly string[]): boolean {
  const object = value as Readonly<Record<string, unknown>> | null;
  return names.every((name) => typeof object?.[name] === 'function');
}

/** Also of those that are made elsewhere than by the engine. */
export function readSignal(value: AbortSignal): AbortSignal {
  if (hasMethods(value, ['addEventListener'])) return value;
  throw refusal(
    value,
    'AbortSignal',
    'pass the signal of an AbortController, or AbortSignal.timeout(ms)',
  );
}

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): (value: T) => T {
  return (value) => {
    if (words.includes(value)) return value;
    throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is none of them`, {
      hint: `write '${words.join("', '")}'`,
    });
  };
}

/** A log of pino's shape, as far as it is written to. */
export function readLog(value: Log): Log {
  if (hasMethods(value, ['debug', 'info', 'warn', 'error', 'child'])) return value;
  throw refusal(value, 'log', 'pass a logger of pino, or leave it out and set PSTAR_LOG');
}

/** Adaptors; whether their contract is ours is seen when one is used. */
export function readAdaptors(value: readonly Adaptor[]): readonly Adaptor[] {
  if (!Array.isArray(value)) throw refusal(value, 'list', 'write [adaptor]');
  for (const each of value as readonly Adaptor[]) {
    if (typeof each?.scheme === 'string' && hasMethods(each, ['connect'])) continue;
    throw refusal(each, 'adaptor', 'pass what defineAdaptor() has given');
  }
  return value;
}

/** Something to call. */
export function readFunction<T>(value: T): T {
  if (typeof value === 'function') return value;
  throw refusal(value, 'function', 'write (question) => answer, or leave it out');
}

/** A port; 0 is any that is free. */
export function readPort(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw refusal(value, 'port', 'write a whole number up to 65535, or leave it out for any');
}

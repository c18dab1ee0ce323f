/**
 * The shape of a log (pino's, so that a pino logger can be passed in) and the two that come with
 * the house: one that writes readable lines to stderr, one that is silent. Nothing here knows what
 * is worth logging.
 */

import { types } from 'node:util';

/** One entry: a sentence, or an object with what belongs to it followed by the sentence. */
export interface LogEntry {
  (message: string): void;
  (bindings: object, message?: string): void;
}

/** Where a part of the program says what happens to it. Any pino logger is one. */
export interface Log {
  readonly trace: LogEntry;
  readonly debug: LogEntry;
  readonly info: LogEntry;
  readonly warn: LogEntry;
  readonly error: LogEntry;
  /** The same log; every entry carries `bindings` besides its own. */
  child(bindings: object): Log;
}

/** What is written, from everything to nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** A log writes entries of its level and of those after it. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const ignore = (): void => {};

/** Says nothing. */
export const silentLog: Log = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLog,
};

/** Also one of Node.js, where a test runner has an Error of its own. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** Values are quoted only where a reader could not tell where they end. */
function show(value: unknown): string {
  if (isError(value)) return value.message;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return typeof value === 'string' && /[\s="]/.test(text) ? JSON.stringify(text) : text;
}

function line(level: string, bindings: object, message: string): string {
  const pairs = Object.entries(bindings).map(([name, value]) => `${name}=${show(value)}`);
  return `${[new Date().toISOString(), level.toUpperCase(), message, ...pairs].filter(Boolean).join(' ')}\n`;
}

/** The level that PSTAR_LOG asks for; an unknown word there must not silence warnings. */
function levelOfEnvironment(): LogLevel {
  const { PSTAR_LOG } = process.env;
  return LOG_LEVELS.find((level) => level === PSTAR_LOG?.toLowerCase()) ?? 'warn';
}

/**
 * Writes one line an entry to stderr: time, level, sentence, then `name=value` for what belongs
 * to it. The level is PSTAR_LOG's unless given, and `warn` if neither says anything. Lines that
 * cannot be written, as on a full disk, are lost.
 */
export function stderrLog(level: LogLevel = levelOfEnvironment()): Log {
  // Unheard, the error would end the program, and what it has to tell with it.
  if (!process.stderr.listeners('error').includes(ignore)) process.stderr.on('error', ignore);
  return lineLog(level, (text) => process.stderr.write(text));
}

/** As {@link stderrLog}, to whatever takes lines. */
export function lineLog(
  level: LogLevel,
  write: (line: string) => void,
  inherited: object = {},
): Log {
  const entry = (own: LogLevel): LogEntry => {
    if (LOG_LEVELS.indexOf(own) < LOG_LEVELS.indexOf(level)) return ignore;
    return (first: string | object, message?: string) => {
      if (typeof first === 'string') write(line(own, inherited, first));
      else if (isError(first)) write(line(own, inherited, message ?? first.message));
      else write(line(own, { ...inherited, ...first }, message ?? ''));
    };
  };
  return {
    trace: entry('trace'),
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    child: (bindings) => lineLog(level, write, { ...inherited, ...bindings }),
  };
}

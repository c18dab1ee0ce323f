/**
 * The line that makes any login shell run a command, and how the command's own output is told apart from the
 * shell's. PURE.
 *
 * What a login shell prints of its own (a message of the day, an echo in ~/.bashrc) comes before the
 * mark, and is cut off; the mark also tells the process's id, by which it can be killed.
 */
import { shellCommand, shellQuote } from '@pstar/core/adaptor';

/** How the command could not even be started. */
export type NotStarted = 'missing' | 'forbidden';

/** Output behind the mark. */
export interface MarkedOutput {
  /** What follows the mark in its line. */
  readonly said: string;
  readonly text: Buffer;
}

/** The line for the login shell: every one of sh, csh, fish and the like reads it in the same way. */
export function commandLine(
  mark: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  const [program = ''] = command;
  const exports = Object.entries(environment).map(
    ([name, value]) => `export ${name}=${shellQuote(value)}`,
  );
  const fail = (why: NotStarted, code: number) => `{ echo ${mark} ${why} >&2; exit ${code}; }`;
  const script = [
    `echo ${mark} $$`,
    ...exports,
    `p=$(command -v ${shellQuote(program)}) || ${fail('missing', 127)}`,
    `case $p in /*) [ -x "$p" ] || ${fail('forbidden', 126)};; esac`,
    `echo ${mark} >&2`,
    `exec ${shellCommand(command)}`,
  ].join('; ');
  return `exec /bin/sh -c ${shellQuote(script)}`;
}

/** Finds the mark's line in output; undefined while it is not there, or not whole. */
export function afterMark(output: Buffer, mark: string): MarkedOutput | undefined {
  const at = output.indexOf(mark);
  const end = at < 0 ? -1 : output.indexOf('\n', at);
  if (end < 0) return undefined;
  const said = output.toString('utf8', at + mark.length, end).trim();
  return { said, text: output.subarray(end + 1) };
}

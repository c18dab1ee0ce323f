/** The answer to the question that users ask most: why is it still where it is? */
import { printable } from './printable.ts';

/**
 * Why a pilot job or a work unit is in its state; printed as it is, it reads as a short text. Control
 * characters of what others have written are written out, as `\x1b`.
 */
export interface Explanation {
  readonly state: string;
  /** One sentence: `wants 64 cores; the largest pilot has 4`. */
  readonly summary: string;
  /** What has to happen before it moves on, a phrase each; empty when it is not waiting. */
  readonly waitsFor: readonly string[];
  /** What the user could do about it, an imperative each. */
  readonly wouldHelp: readonly string[];
  /** What programs may want to read: numbers, ids, the resource manager's own words. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The end of what its agent or its process has written. */
  readonly lastOutput?: string;
  /** All of it, as a short text. */
  toString(): string;
}

/** What an explanation is made of. */
export type ExplanationParts = Omit<Explanation, 'toString' | 'waitsFor' | 'wouldHelp'> &
  Partial<Pick<Explanation, 'waitsFor' | 'wouldHelp'>>;

/** Makes an explanation; what is left out is empty. */
export function explanation(parts: ExplanationParts): Explanation {
  const { summary, waitsFor = [], wouldHelp = [], lastOutput } = parts;
  const whole = {
    ...parts,
    summary: printable(summary),
    waitsFor: waitsFor.map(printable),
    wouldHelp: wouldHelp.map(printable),
    ...(lastOutput !== undefined && { lastOutput: printable(lastOutput) }),
  };
  // Not enumerable, so that an explanation can be compared, cloned and printed as plain data.
  return Object.defineProperty(whole, 'toString', { value: () => text(whole) });
}

function text({ state, summary, waitsFor, wouldHelp, lastOutput }: Explanation): string {
  const lines = [`${state}: ${summary}`];
  for (const condition of waitsFor) lines.push(`  waits for ${condition}`);
  for (const advice of wouldHelp) lines.push(`  would help: ${advice}`);
  if (lastOutput) lines.push('  last output:', ...indented(lastOutput));
  return lines.join('\n');
}

function indented(output: string): string[] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`);
}

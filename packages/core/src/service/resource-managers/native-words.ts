/** What adaptors say of native jobs, held to what the contract has words for. */
import type { NativeState } from '../../adaptor/adaptor.ts';
import { PILOT_JOB_STATES } from '../../model/pilot-job-state.ts';
import { printable } from '../../model/printable.ts';
import { written } from '../../model/written.ts';
import type { Log } from '../../runtime/log.ts';

/** What one field of a state may take: it is kept, journalled and shown with every pilot. */
const LENGTH_MAX = 1000;

/** Those of pilots, but for the one that they have before anybody else has heard of them. */
const STATES: ReadonlySet<unknown> = new Set(PILOT_JOB_STATES.filter((state) => state !== 'New'));

/** Reads states, and warns once of each word that is none. */
export class NativeWords {
  readonly #log: Log;
  /** Names the resource manager in the log. */
  readonly #rm: string;
  readonly #warned = new Set<string>();

  constructor(log: Log, rm: string) {
    this.#log = log;
    this.#rm = rm;
  }

  /** The state as the core knows it: what is none is `Unknown`, with the adaptor's word in the detail. */
  read(said: NativeState): NativeState {
    if (STATES.has(said.state)) return said;
    const word = String(said.state);
    if (!this.#warned.has(word)) {
      this.#warned.add(word);
      const about = { rm: this.#rm, state: word, known: [...STATES].join(', ') };
      this.#log.warn(about, `the adaptor says '${word}', which is no state: taken as Unknown`);
    }
    return { ...said, state: 'Unknown', detail: `'${word}' is no state: ${said.detail}` };
  }
}

/**
 * States with nothing in them but what the contract has: texts on one line, and of a length that can be kept.
 *
 * @param problem is told what is wrong with what is left out, or with the whole state
 */
export function readStates(
  said: readonly unknown[],
  problem: (words: string) => void,
): readonly NativeState[] {
  return said.flatMap((value) => {
    try {
      return readState(value, problem) ?? [];
    } catch {
      problem('has given a state that cannot be read');
      return [];
    }
  });
}

function readState(said: unknown, problem: (words: string) => void): NativeState | undefined {
  const { id, state, detail, hint, nodes, exitCode, signal } = (said ?? {}) as Record<
    keyof NativeState,
    unknown
  >;
  if (typeof id !== 'string') {
    const what = typeof said === 'object' && said !== null ? `the id ${shown(id)}` : shown(said);
    problem(`has given ${what}, which names no native job: it is passed over`);
    return undefined;
  }
  const fit = <T>(name: string, value: unknown, fits: (value: unknown) => value is T) => {
    if (value === undefined || fits(value)) return value;
    problem(`has given the ${name} ${shown(value)}: it is left out`);
    return undefined;
  };
  const words = {
    detail: fit('detail', detail, isText),
    hint: fit('hint', hint, isText),
    nodes: fit('nodes', nodes, isList),
    exitCode: fit('exitCode', exitCode, isCode),
    signal: fit('signal', signal, isText),
  };
  const word = isText(state) ? line(state) : shown(state);
  return {
    id,
    // What is no state is found and told by whoever reads the words.
    state: word as NativeState['state'],
    detail: words.detail === undefined ? word : line(words.detail),
    ...(words.hint !== undefined && { hint: line(words.hint) }),
    ...(words.nodes !== undefined && { nodes: words.nodes }),
    ...(words.exitCode !== undefined && { exitCode: words.exitCode }),
    ...(words.signal !== undefined && { signal: line(words.signal) }),
  };
}

/** Whatever an adaptor has given in place of something else, for people: short, and on one line. */
export function shown(value: unknown): string {
  try {
    return printable(written(typeof value === 'string' ? cut(value) : value));
  } catch {
    return `some ${typeof value}`;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCode = (value: unknown): value is number => Number.isInteger(value);
const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

/** On one line, whatever the resource manager has written. */
function line(text: string): string {
  return printable(cut(text.trim())).replaceAll('\n', '\\n');
}

function cut(text: string): string {
  if (text.length <= LENGTH_MAX) return text;
  return `${text.slice(0, LENGTH_MAX).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

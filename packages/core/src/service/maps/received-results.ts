/** Results of calls as one message has brought them: which have values, which have problems. */
import type { Span } from '../../maps/map-events.ts';
import type { CallProblem } from '../../model/call-problem.ts';
import type { TaskError } from '../../model/task-error.ts';
import type { AgentCallMessage } from '../../protocol/call-messages.ts';
import { giveBackData } from '../../runtime/give-back.ts';
import { decodeReturned } from '../calls/call-failures.ts';
import type { Stretch } from './map-results.ts';

type ResultsMessage = Extract<AgentCallMessage, { readonly type: 'results' }>;

export class ReceivedResults {
  readonly span: Span;
  readonly host: string;
  /** The list of values, as bytes; nothing is left of them once values were asked for. */
  readonly data: Uint8Array;
  readonly #problems: ReadonlyMap<number, CallProblem>;
  #values: readonly unknown[] | undefined;

  /** @param batchFirst the index of the first call of the batch that they are of */
  constructor(
    { first, count, problems = [] }: ResultsMessage,
    data: Uint8Array,
    host: string,
    batchFirst = first,
  ) {
    this.span = { first, count };
    this.host = host;
    this.data = data;
    // The data is given back, and the message's memory with it: these stay.
    this.#problems = new Map(
      problems.map((problem) => {
        const { call, thrown } = problem;
        return [batchFirst + call, thrown ? { ...problem, thrown: thrown.slice() } : problem];
      }),
    );
  }

  /** The indexes of calls that have failed, for sure or perhaps. */
  failed(isSuspect: boolean): number[] {
    return [...this.#problems]
      .filter(([, problem]) => (problem.isSuspect ?? false) === isSuspect)
      .map(([index]) => index);
  }

  /** Of a call that has failed; of a fold, which is no call, the only one. */
  problemOf(index: number): CallProblem {
    const [only] = this.#problems.values();
    return (this.#problems.get(index) ?? only) as CallProblem;
  }

  /** The results of some of them, with errors in the places of those that have failed for good. */
  part({ first, count }: Span, errors: ReadonlyMap<number, TaskError>): Stretch {
    return { first, count, values: () => this.#valuesOf({ first, count }, errors) };
  }

  #valuesOf({ first, count }: Span, errors: ReadonlyMap<number, TaskError>): readonly unknown[] {
    // Decoded once: a message may come in several parts.
    this.#values ??= this.#decoded();
    const skip = first - this.span.first;
    if (errors.size === 0 && count === this.#values.length) return this.#values;
    const values = this.#values.slice(skip, skip + count);
    for (const [index, error] of errors) values[index - first] = error;
    return values;
  }

  /** No bytes at all where no call has a value, and nobody was left to say so. */
  #decoded(): readonly unknown[] {
    if (this.data.length === 0) return new Array<undefined>(this.span.count).fill(undefined);
    const values = decodeReturned(this.data) as readonly unknown[];
    giveBackData(this.data);
    return values;
  }
}

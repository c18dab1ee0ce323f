/** What requirements say when they are not met: one sentence, with what was found instead. */
import { PilotError } from '@pstar/core/adaptor';

/** Fails the requirement with that sentence unless the condition holds. */
export function must(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

/** Fails the requirement unless both say the same. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [actual, expected].map((value) => JSON.stringify(value));
  must(is === should, `${what} is ${is} and should be ${should}`);
}

/** The PilotError that a call rejects with; fails the requirement for anything else. */
export async function mustRefuse(call: Promise<unknown>, what: string): Promise<PilotError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  must('error' in outcome, `${what} should reject, and gives ${text(outcome)}`);
  const { error } = outcome;
  must(error instanceof PilotError, `${what} rejects with ${error}, which is no PilotError`);
  return error;
}

/** As {@link mustRefuse}, and the message must have it. */
export async function mustSay(call: Promise<unknown>, words: RegExp, what: string): Promise<void> {
  const { message } = await mustRefuse(call, what);
  must(words.test(message), `${what} says '${message}', which does not match ${words}`);
}

function text(outcome: object): string {
  return JSON.stringify('value' in outcome ? outcome.value : outcome) ?? 'nothing';
}

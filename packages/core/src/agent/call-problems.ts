/** Problems of calls as they are told: cut to what a message takes. */
import type { CallProblem } from '../model/call-problem.ts';

/** Those of one message have no more characters: of what comes behind, only the messages are told. */
const ALL_CHARACTERS = 4 * 1024 * 1024;
/** Nor has a single text, nor what was thrown bytes. */
const TEXT_CHARACTERS = 16 * 1024;
/** And no name ever, nor a message then. */
const SHORT_CHARACTERS = 256;

/** The same problems, within what goes into a message: thousands of calls may have failed in one batch. */
export function boundedProblems(problems: readonly CallProblem[]): CallProblem[] {
  let left = ALL_CHARACTERS;
  return problems.map((problem) => {
    const told = left > 0 ? bounded(problem) : short(problem);
    const { message, stack = '', stderrTail = '', thrown } = told;
    left -= message.length + stack.length + stderrTail.length + (thrown?.length ?? 0);
    return told;
  });
}

function bounded({ stack, stderrTail, thrown, ...rest }: CallProblem): CallProblem {
  return {
    ...rest,
    name: rest.name.slice(0, SHORT_CHARACTERS),
    message: rest.message.slice(0, TEXT_CHARACTERS),
    ...(stack !== undefined && { stack: stack.slice(0, TEXT_CHARACTERS) }),
    ...(stderrTail !== undefined && { stderrTail: stderrTail.slice(-TEXT_CHARACTERS) }),
    ...(thrown !== undefined && thrown.length <= TEXT_CHARACTERS && { thrown }),
  };
}

function short({ call, kind, name, message, isSuspect }: CallProblem): CallProblem {
  const first = message.slice(0, SHORT_CHARACTERS);
  return {
    call,
    kind,
    name: name.slice(0, SHORT_CHARACTERS),
    message: first,
    ...(isSuspect && { isSuspect }),
  };
}

/** Problems of calls as they are told: cut to what fits into a message. */
import {
  type CallProblem,
  PROBLEM_CHARACTERS,
  PROBLEM_NAME_CHARACTERS,
  problemSize,
} from '../model/call-problem.ts';

/** How many characters of problems one message carries; of the problems behind these it carries a short form. */
const ALL_CHARACTERS = 1024 * 1024;
/** The length of that: all of the 16,384 calls of a batch may have failed, with three bytes for each character. */
const SHORT_MESSAGE = 100;
const SHORT_NAME = 32;

/** The same problems, cut to what fits into a message beside 4 MiB of values. */
export function boundedProblems(problems: readonly CallProblem[]): CallProblem[] {
  let left = ALL_CHARACTERS;
  return problems.map((problem) => {
    const told = left > 0 ? bounded(problem) : short(problem);
    left -= problemSize(told);
    return told;
  });
}

function bounded({ stack, stderrTail, thrown, ...rest }: CallProblem): CallProblem {
  return {
    ...rest,
    name: rest.name.slice(0, PROBLEM_NAME_CHARACTERS),
    message: rest.message.slice(0, PROBLEM_CHARACTERS),
    ...(stack !== undefined && { stack: stack.slice(0, PROBLEM_CHARACTERS) }),
    ...(stderrTail !== undefined && { stderrTail: stderrTail.slice(-PROBLEM_CHARACTERS) }),
    ...(thrown !== undefined && thrown.length <= PROBLEM_CHARACTERS && { thrown }),
  };
}

function short({ call, kind, name, message, task, isSuspect }: CallProblem): CallProblem {
  return {
    call,
    kind,
    name: name.slice(0, SHORT_NAME),
    message: message.slice(0, SHORT_MESSAGE),
    ...(task !== undefined && { task }),
    ...(isSuspect && { isSuspect }),
  };
}

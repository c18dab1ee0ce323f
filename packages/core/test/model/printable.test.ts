import { expect, it } from 'vitest';
import { WorkUnitFailedError } from '../../src/model/errors.ts';
import { explanation } from '../../src/model/explanation.ts';
import { printable } from '../../src/model/printable.ts';

const STEERING = '\x1b[2J\x1b]0;title\x07\x9b1m\x7f\r';
const SHOWN = '\\x1b[2J\\x1b]0;title\\x07\\x9b1m\\x7f\\x0d';

it('writes control characters out, and leaves all that is text', () => {
  expect(printable(STEERING)).toBe(SHOWN);
  const text = 'größer\tals\n日本 🙂 \\x1b';
  expect(printable(text)).toBe(text);
});

it('is how an explanation shows what a unit has written, line by line', () => {
  const why = explanation({
    state: 'Failed',
    summary: `cannot read ${STEERING}`,
    waitsFor: [STEERING],
    wouldHelp: [STEERING],
    lastOutput: `first\n${STEERING}\n`,
  });
  expect(why).toEqual({
    state: 'Failed',
    summary: `cannot read ${SHOWN}`,
    waitsFor: [SHOWN],
    wouldHelp: [SHOWN],
    lastOutput: `first\n${SHOWN}\n`,
  });
  expect(`${why}`).toContain(`    first\n    ${SHOWN}`);
});

it('is how an error shows it in its message and its stack; the exit has it as it is', () => {
  const at = new Date(0);
  const rusage = { userTime: 0, systemTime: 0, maxRss: 0 };
  const exit = { exitCode: 1, startedAt: at, finishedAt: at, rusage, host: 'h', attempt: 1 };
  const error = new WorkUnitFailedError('work.1', { ...exit, stderrTail: `${STEERING}!\n` });
  expect(error.message).toContain(`ended with '${SHOWN}!'`);
  expect(error.stack).toContain(SHOWN);
  expect(error.stack).not.toContain('\x1b');
  expect(error.exit.stderrTail).toContain(STEERING);
});

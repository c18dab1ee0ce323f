/** A resource manager that fails: no guess, no end that is none, nothing left behind. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PilotError } from '@pstar/core/adaptor';
import { must, mustEqual, mustRefuse } from '../check.ts';
import {
  FAILURE,
  type Fault,
  failing,
  failingOnly,
  garbage,
  hanging,
  losing,
  missing,
  silence,
  stuck,
} from '../commands.ts';
import { type Connection, isEnd, mustKnow } from '../connection.ts';
import { SCRIPTS } from '../launches.ts';
import { COMMANDS_MAX, running } from '../native-jobs.ts';
import type { Requirement } from '../requirement.ts';
import type { Trial } from '../trial.ts';
import { inTime } from '../waiting.ts';

/** No command of a submission may take longer: somebody waits for it. */
const TIMEOUT_MS_MAX = 300_000;
/** More answers than a submission can lose one after the other. */
const ANSWERS_MAX = 12;
/** How many are canceled together: enough for an adaptor that has a command for each. */
const SOME = 3;

/** Where a launch counts how often it was started. */
const STARTS = 'starts';
const COUNT_AND_STAY = `echo 1 >>"$HERE/${STARTS}"; ${SCRIPTS.stay}`;

/** What an adaptor makes of bad answers, and of none. */
export const faults: readonly Requirement[] = [
  {
    name: 'faults:tool-missing',
    sentence: 'names the program that is missing',
    run: (trial) => refusesBy(trial, missing, /command not found/),
  },
  {
    name: 'faults:failing',
    sentence: "passes on the resource manager's sentence when a command fails",
    run: (trial) => refusesBy(trial, failing, new RegExp(FAILURE)),
  },
  {
    name: 'faults:garbage',
    sentence: 'refuses a launch whose answer makes no sense',
    run: (trial) => refusesBy(trial, garbage, /./),
  },
  {
    name: 'faults:hanging',
    sentence: 'gives up on a command that hangs',
    run: async (trial) => {
      await refusesBy(trial, hanging, /./);
      for (const { command, options } of trial.commands.calls) {
        const isShort = (options.timeoutMs ?? 0) <= TIMEOUT_MS_MAX;
        must(isShort, `${command[0]} may take ${options.timeoutMs} ms`);
      }
    },
  },
  {
    name: 'faults:states',
    sentence: 'says of nothing that it is over when commands fail, hang, or write nonsense',
    run: async (trial) => {
      const { here, id } = await running(trial);
      for (const fault of [missing, failing, garbage, hanging]) {
        trial.commands.fault = fault;
        const { value } = await outcomeOf(trial, here.states([id]), 'states()');
        const end = value?.find(isEnd);
        must(end === undefined, `it is said to be ${end?.state}: ${end?.detail}`);
        // Nonsense may be an answer that leaves all of them out.
        if (value !== undefined && fault !== garbage) mustKnow(value, id);
      }
      trial.commands.fault = undefined;
      await here.until(id, 'Running');
    },
  },
  {
    name: 'faults:silence',
    sentence: 'does not take an empty answer for an end',
    run: async (trial) => {
      const { here, id } = await running(trial);
      trial.commands.fault = silence;
      const { value } = await outcomeOf(trial, here.states([id]), 'states()');
      const end = value?.find(isEnd);
      must(end === undefined, `it is said to be ${end?.state}: ${end?.detail}`);
    },
  },
  {
    name: 'faults:find',
    sentence: 'does not say that there is no such launch when it could not look',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      const id = await here.submit(launch);
      for (const fault of [missing, failing, garbage, hanging]) {
        trial.commands.fault = fault;
        const { value, error } = await outcomeOf(trial, here.find(launch.name), 'find()');
        must(value === id || error !== undefined, `find() gives ${value} for ${id}`);
      }
    },
  },
  {
    name: 'faults:cancel',
    sentence: 'does not take a cancellation for done that no command has carried out',
    run: async (trial) => {
      const { here, id } = await running(trial);
      for (const fault of [missing, failing, hanging]) {
        trial.commands.fault = fault;
        const { error } = await outcomeOf(trial, here.manager.cancel([id]), 'cancel()');
        must(error !== undefined, 'cancel() says that it was done');
      }
    },
  },
  {
    name: 'faults:cancel-some',
    sentence: 'rejects unless all are ended, whichever of the commands of a cancellation fails',
    run: async (trial) => {
      const here = await trial.connect();
      for (let nth = 1; nth <= COMMANDS_MAX; nth += 1) {
        const ids = await here.submitAll(await trial.launchesOf(SOME, SCRIPTS.stay));
        const before = trial.commands.calls.length;
        trial.commands.fault = failingOnly(nth);
        const { error } = await outcomeOf(trial, here.manager.cancel(ids), 'cancel()', before);
        trial.commands.fault = undefined;
        const isReached = trial.commands.calls.length - before >= nth;
        if (error === undefined) await here.untilOver(ids);
        if (!isReached) return;
      }
    },
  },
  {
    name: 'faults:lost-answer',
    sentence: 'finds what was accepted although nobody heard so, and submits nothing twice',
    run: async (trial) => {
      const here = await trial.connect();
      for (let nth = 1; nth <= ANSWERS_MAX; nth += 1) {
        if (!(await losesAnswer(trial, here, nth))) return;
      }
    },
  },
  {
    name: 'faults:given-up',
    sentence: 'gives a submission up when its caller does, also while a command hangs',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      const caller = new AbortController();
      const hangs = new Promise<void>((resolve) => {
        trial.commands.fault = (call, run) => {
          resolve();
          return stuck(call, run);
        };
      });
      const submission = here.submit(launch, caller.signal);
      const over = submission.then(
        () => 'it was accepted',
        () => undefined,
      );
      await inTime(Promise.race([hangs, over]), 'the first command', trial.patienceMs);
      mustUseRunner(trial);
      caller.abort();
      const outcome = await inTime(over, 'a submission that is given up', trial.patienceMs);
      must(outcome === undefined, `${outcome}`);
    },
  },
];

/** Has a submission fail by a fault, and sees what is said and left. */
async function refusesBy(trial: Trial, fault: Fault, words: RegExp): Promise<void> {
  const here = await trial.connect();
  const launch = await trial.launchOf(SCRIPTS.stay);
  trial.commands.fault = fault;
  const { error } = await outcomeOf(trial, here.submit(launch), 'submit()');
  must(error !== undefined, 'submit() says that it was accepted');
  must(words.test(error.message), `'${error.message}' does not match ${words}`);
  trial.commands.fault = undefined;
  mustEqual(await here.find(launch.name), undefined, 'what is found of it');
}

/** Loses one answer of a submission; whether there were that many. */
async function losesAnswer(trial: Trial, here: Connection, nth: number): Promise<boolean> {
  const launch = await trial.launchOf(COUNT_AND_STAY);
  trial.commands.fault = losing(nth);
  const before = trial.commands.calls.length;
  const { value } = await outcomeOf(trial, here.submit(launch), 'submit()');
  const count = trial.commands.calls.length - before;
  trial.commands.fault = undefined;
  const found = await here.find(launch.name);
  if (value !== undefined) mustEqual(found, value, `what is found, answer ${nth} being lost,`);
  if (found !== undefined) trial.endLater(found);
  // Whatever was submitted before this one has started when it has.
  const next = await trial.launchOf(COUNT_AND_STAY);
  await here.submit(next);
  await trial.written(next, STARTS);
  if (found !== undefined) await trial.written(launch, STARTS);
  const starts = await readFile(join(launch.directory, STARTS), 'utf8').catch(() => '');
  mustEqual(
    starts,
    found === undefined ? '' : '1\n',
    `what has started, answer ${nth} being lost,`,
  );
  return count >= nth;
}

interface Outcome<T> {
  readonly value?: T;
  readonly error?: PilotError;
}

/** What a call gives or rejects with, which must be a PilotError; it must have run a command. */
async function outcomeOf<T>(
  trial: Trial,
  call: Promise<T>,
  what: string,
  before = 0,
): Promise<Outcome<T>> {
  const settled = await inTime(Promise.allSettled([call]), what, trial.patienceMs);
  mustUseRunner(trial, before);
  const [outcome] = settled;
  if (outcome.status === 'fulfilled') return { value: outcome.value };
  return { error: await mustRefuse(call, what) };
}

/** @param before how many commands do not count */
function mustUseRunner({ commands }: Trial, before = 0): void {
  must(commands.calls.length > before, 'it has run no command by the runner of its context');
}

/** What is said of native jobs while they live, and after. */
import { must, mustEqual } from '../check.ts';
import { ENDS, isEnd } from '../connection.ts';
import { SCRIPTS } from '../launches.ts';
import { COMMANDS_MAX, UNKNOWN_IDS } from '../native-jobs.ts';
import type { Requirement } from '../requirement.ts';

const MANY = 25;

/** The words for each state, and how they are asked for. */
export const states: readonly Requirement[] = [
  {
    name: 'states:running',
    sentence: 'says Running once it runs, and with a detail',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.sayAndStay);
      const id = await here.submit(launch);
      await trial.written(launch, 'ready');
      const { detail } = await here.until(id, 'Running');
      must(detail.trim() !== '', 'the detail is empty');
    },
  },
  {
    name: 'states:done',
    sentence: 'says Done of what ended well',
    run: async (trial) => {
      const here = await trial.connect();
      const id = await here.submit(await trial.launchOf('exit 0'));
      const { exitCode } = await here.until(id, 'Done');
      mustEqual(exitCode ?? 0, 0, 'its exit code');
    },
  },
  {
    name: 'states:failed',
    sentence: 'says Failed of what ended badly, and with which exit code',
    run: async (trial) => {
      const here = await trial.connect();
      const id = await here.submit(await trial.launchOf('exit 3'));
      const { exitCode } = await here.until(id, 'Failed');
      mustEqual(exitCode, 3, 'its exit code');
    },
  },
  {
    name: 'states:killed',
    sentence: 'says Failed of what a signal has ended',
    run: async (trial) => {
      const here = await trial.connect();
      const id = await here.submit(await trial.launchOf('kill -KILL $$'));
      await here.until(id, 'Failed');
    },
  },
  {
    name: 'states:unknown',
    sentence:
      'says Unknown, or nothing, of ids that it has never heard of, and tells of the others',
    run: async (trial) => {
      const here = await trial.connect();
      const id = await here.submit(await trial.launchOf(SCRIPTS.stay));
      await here.until(id, 'Running');
      const said = await here.states([...UNKNOWN_IDS, id]);
      for (const unknown of UNKNOWN_IDS) {
        const state = said.find((each) => each.id === unknown)?.state ?? 'Unknown';
        mustEqual(state, 'Unknown', `the state of ${unknown}`);
      }
      mustEqual(said.find((each) => each.id === id)?.state, 'Running', `the state of ${id}`);
    },
  },
  {
    name: 'states:bulk',
    sentence: 'tells of many in a few commands, of each once',
    run: async (trial) => {
      const here = await trial.connect();
      const ids = await here.submitAll(await trial.launchesOf(MANY, SCRIPTS.stay));
      let said: readonly string[] = [];
      const count = await trial.commands.countOf(async () => {
        said = (await here.states(ids)).map(({ id }) => id);
      });
      must(count <= COMMANDS_MAX, `states() of ${MANY} took ${count} commands`);
      mustEqual([...said].sort(), [...ids].sort(), 'of whom it tells');
    },
  },
  {
    name: 'states:end-stays',
    sentence: 'takes no end back',
    run: async (trial) => {
      const here = await trial.connect();
      const id = await here.submit(await trial.launchOf('exit 3'));
      await here.until(id, ...ENDS);
      const next = await here.submit(await trial.launchOf(SCRIPTS.stay));
      await here.until(next, 'Running');
      const again = await here.stateOf(id);
      must(isEnd(again) || again.state === 'Unknown', `it was over and is ${again.state}`);
    },
  },
  {
    name: 'states:pushed',
    sentence: 'pushes ends, if it pushes at all, as it tells them',
    run: async (trial) => {
      const here = await trial.connect();
      if (here.manager.states$ === undefined) return;
      const id = await here.submit(await trial.launchOf('exit 3'));
      const { state } = await here.until(id, ...ENDS);
      const pushed = here.pushed(id)?.state ?? state;
      mustEqual(pushed, state, 'what it has pushed');
    },
  },
];

/** Ending native jobs, in whatever state they are. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, mustEqual } from '../check.ts';
import { type Connection, ENDS, isEnd } from '../connection.ts';
import { SCRIPTS } from '../launches.ts';
import { COMMANDS_MAX, pending, running, started, UNKNOWN_IDS } from '../native-jobs.ts';
import type { Requirement } from '../requirement.ts';

const MANY = 25;
/** How long what looks for a file every 50 ms may take to write another. */
const SEEN_MS = 5000;

/** That what is to end ends, and nothing else. */
export const canceling: readonly Requirement[] = [
  {
    name: 'cancel:running',
    sentence: 'ends what runs',
    run: async (trial) => {
      const { here, id } = await running(trial);
      await ended(here, id);
    },
  },
  {
    name: 'cancel:grace',
    sentence: 'asks it by SIGTERM first, so that it can put its things in order',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.heed('TERM', 'exit 0'));
      const id = await here.submit(launch);
      await trial.written(launch, 'ready');
      await ended(here, id);
      await trial.written(launch, 'heard');
    },
  },
  {
    name: 'cancel:slow',
    sentence: 'does not say that it is over while it puts its things in order',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.tarry);
      const id = await here.submit(launch);
      await trial.written(launch, 'ready');
      await here.manager.cancel([id]);
      await trial.written(launch, 'heard');
      const said = await here.stateOf(id);
      await writeFile(join(launch.directory, 'gate'), '');
      if (isEnd(said)) {
        // Or there was little time to do so, and it is over indeed.
        const isAlive = await trial.written(launch, 'late', SEEN_MS).then(
          () => true,
          () => false,
        );
        must(!isAlive, `it is said to be ${said.state} and still runs`);
      }
      await here.until(id, ...ENDS);
    },
  },
  {
    name: 'cancel:pending',
    sentence: 'ends what waits, and it never starts',
    run: async (trial) => {
      const { here, id } = await pending(trial);
      await ended(here, id);
    },
  },
  {
    name: 'cancel:held',
    sentence: 'ends what is held',
    run: async (trial) => {
      const hold = trial.hook('hold');
      const { here, id } = await pending(trial);
      await hold(id);
      await ended(here, id);
    },
  },
  {
    name: 'cancel:suspended',
    sentence: 'ends what is suspended',
    run: async (trial) => {
      const suspend = trial.hook('suspend');
      const { here, id } = await started(trial);
      await suspend(id);
      await here.until(id, 'Suspended');
      await ended(here, id);
    },
  },
  {
    name: 'cancel:ended',
    sentence: 'leaves what is over as it is',
    run: async (trial) => {
      const here = await trial.connect();
      const id = await here.submit(await trial.launchOf('exit 0'));
      const before = await here.until(id, ...ENDS);
      await here.manager.cancel([id]);
      mustEqual((await here.stateOf(id)).state, before.state, 'its state');
    },
  },
  {
    name: 'cancel:unknown',
    sentence: 'takes ids that it has never heard of, and ends the others',
    run: async (trial) => {
      const { here, id } = await running(trial);
      await here.manager.cancel([...UNKNOWN_IDS, id]);
      await here.until(id, ...ENDS);
    },
  },
  {
    name: 'cancel:twice',
    sentence: 'can be called again, also while it ends',
    run: async (trial) => {
      const { here, id } = await running(trial);
      await here.manager.cancel([id]);
      await here.manager.cancel([id]);
      await here.until(id, ...ENDS);
      await here.manager.cancel([id]);
    },
  },
  {
    name: 'cancel:elsewhere',
    sentence: 'ends from one connection what was submitted by another',
    run: async (trial) => {
      const { id } = await running(trial);
      await ended(await trial.connect(), id);
    },
  },
  {
    name: 'cancel:others',
    sentence: 'ends what it is asked to, and nothing else',
    run: async (trial) => {
      const { here, id } = await running(trial);
      const other = await here.submit(await trial.launchOf(SCRIPTS.stay));
      await here.until(other, 'Running');
      await ended(here, id);
      // What is ended along with it may be seen to end a little later: not before another has come and gone.
      await here.until(await here.submit(await trial.launchOf('exit 0')), 'Done');
      mustEqual((await here.stateOf(other)).state, 'Running', 'the state of the other');
    },
  },
  {
    name: 'cancel:bulk',
    sentence: 'ends many in a few commands',
    run: async (trial) => {
      const here = await trial.connect();
      const ids = await here.submitAll(await trial.launchesOf(MANY, SCRIPTS.stay));
      const count = await trial.commands.countOf(() => here.manager.cancel(ids));
      must(count <= COMMANDS_MAX, `cancel() of ${MANY} took ${count} commands`);
      await here.untilOver(ids);
    },
  },
  {
    name: 'signal:running',
    sentence: 'brings a signal to what runs',
    run: async (trial) => {
      const here = await trial.connect();
      must(here.manager.signal !== undefined, 'the adaptor has no signal()');
      const launch = await trial.launchOf(SCRIPTS.heed('USR1', ':'));
      const id = await here.submit(launch);
      await trial.written(launch, 'ready');
      await here.until(id, 'Running');
      await here.manager.signal(id, 'SIGUSR1');
      await trial.written(launch, 'heard');
      const state = await here.stateOf(id);
      must(!isEnd(state), `it has ended by it: ${state.detail}`);
    },
  },
];

async function ended(here: Connection, id: string): Promise<void> {
  await here.manager.cancel([id]);
  await here.until(id, ...ENDS);
}

/** What happens behind the adaptor's back. */
import { must, mustEqual } from '../check.ts';
import { ENDS, isEnd } from '../connection.ts';
import { SCRIPTS } from '../launches.ts';
import { running, started } from '../native-jobs.ts';
import type { Requirement } from '../requirement.ts';

/** That it sees what others do. */
export const outside: readonly Requirement[] = [
  {
    name: 'outside:canceled',
    sentence: 'says that it is over of what others have canceled',
    run: async (trial) => {
      const cancel = trial.hook('cancel');
      const { here, id } = await running(trial);
      await cancel(id);
      await here.until(id, ...ENDS);
    },
  },
  {
    name: 'outside:lost',
    sentence: 'says that it is over, and not well, of what was lost with its node',
    run: async (trial) => {
      const lose = trial.hook('lose');
      const { here, id } = await running(trial);
      await lose(id);
      await here.until(id, 'Failed', 'Canceled');
    },
  },
  {
    name: 'outside:suspended',
    sentence: 'says Suspended of what others have stopped, and Running when it goes on',
    run: async (trial) => {
      const [suspend, resume] = [trial.hook('suspend'), trial.hook('resume')];
      const { here, id } = await started(trial);
      await suspend(id);
      await here.until(id, 'Suspended');
      await resume(id);
      await here.until(id, 'Running');
    },
  },
  {
    name: 'outside:held',
    sentence: 'says Pending of what others hold',
    run: async (trial) => {
      const hold = trial.hook('hold');
      const here = await trial.connect();
      const description = trial.option('pending');
      const id = await here.submit(await trial.launchOf({ script: SCRIPTS.stay, description }));
      await hold(id);
      mustEqual((await here.stateOf(id)).state, 'Pending', 'its state');
    },
  },
  {
    name: 'outside:requeued',
    sentence: 'follows under the same id what goes back into the queue and starts again',
    run: async (trial) => {
      const requeue = trial.hook('requeue');
      const here = await trial.connect();
      const launch = await trial.launchOf('echo >>"$HERE/starts"; exec sleep 600');
      const id = await here.submit(launch);
      await trial.written(launch, 'starts');
      await here.until(id, 'Running');
      await requeue(id);
      await here.until(id, 'Pending');
      await here.until(id, 'Running');
    },
  },
  {
    name: 'outside:forgotten',
    sentence: 'says of what is long forgotten how it ended, or Unknown, and of others what is true',
    run: async (trial) => {
      const forget = trial.hook('forget');
      const first = await trial.connect();
      const id = await first.submit(await trial.launchOf('exit 3'));
      await first.until(id, 'Failed');
      await first.manager.close();
      await forget(id);
      const here = await trial.connect();
      const other = await here.submit(await trial.launchOf(SCRIPTS.stay));
      await here.until(other, 'Running');
      const said = await here.states([id, other]);
      const forgotten = said.find((each) => each.id === id);
      const isOver = forgotten === undefined || forgotten.state === 'Unknown' || isEnd(forgotten);
      must(isOver, `it is said to be ${forgotten?.state}`);
      mustEqual(forgotten?.exitCode ?? 3, 3, 'its exit code');
      mustEqual(said.find((each) => each.id === other)?.state, 'Running', 'of the other');
    },
  },
  {
    name: 'outside:name',
    sentence: "shows in the resource manager's own list what the description calls it",
    run: async (trial) => {
      const show = trial.hook('show');
      const here = await trial.connect();
      const description = { name: 'kit-by-name' };
      const id = await here.submit(await trial.launchOf({ script: SCRIPTS.stay, description }));
      const list = await show(id);
      must(list.includes(description.name), `the list has no ${description.name}: ${list}`);
    },
  },
];

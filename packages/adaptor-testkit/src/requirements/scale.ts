/** Many at once. */
import { must, mustEqual } from '../check.ts';
import { SCRIPTS } from '../launches.ts';
import { COMMANDS_MAX } from '../native-jobs.ts';
import type { Requirement } from '../requirement.ts';

const COUNT = 1000;

/** That a service with many pilots is no load for the resource manager. */
export const scale: readonly Requirement[] = [
  {
    name: 'scale:many',
    sentence: 'takes 1,000 launches at once, and tells of them and ends them in a few commands',
    run: async (trial) => {
      const { load, pending } = trial.options;
      const count = load?.count ?? COUNT;
      const here = await trial.connect();
      const script = SCRIPTS.stay;
      const parts = pending === undefined ? { script } : { script, description: pending };
      const ids = await here.submitAll(await trial.launchesOf(count, parts));
      mustEqual(new Set(ids).size, count, 'how many native ids there are');
      let told = 0;
      const asking = await trial.commands.countOf(async () => {
        told = new Set((await here.states(ids)).map(({ id }) => id)).size;
      });
      mustEqual(told, count, 'of how many it tells');
      must(asking <= COMMANDS_MAX, `states() of ${count} took ${asking} commands`);
      const ending = await trial.commands.countOf(() => here.manager.cancel(ids));
      must(ending <= COMMANDS_MAX, `cancel() of ${count} took ${ending} commands`);
    },
  },
];

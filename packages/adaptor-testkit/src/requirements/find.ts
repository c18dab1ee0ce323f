/** Finding again what was submitted, when whoever submitted it is no more. */
import { mustEqual } from '../check.ts';
import { SCRIPTS } from '../launches.ts';
import type { Requirement } from '../requirement.ts';

/** That a crash loses no launch and repeats none. */
export const finding: readonly Requirement[] = [
  {
    name: 'find:launch',
    sentence: 'finds a launch by its name',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      const id = await here.submit(launch);
      mustEqual(await here.find(launch.name), id, 'what is found');
    },
  },
  {
    name: 'find:elsewhere',
    sentence: 'finds it from another connection too, and tells of it there',
    run: async (trial) => {
      const launch = await trial.launchOf(SCRIPTS.stay);
      const id = await (await trial.connect()).submit(launch);
      const there = await trial.connect();
      mustEqual(await there.find(launch.name), id, 'what is found');
      await there.until(id, 'Running');
    },
  },
  {
    name: 'find:unknown',
    sentence: 'finds nothing under a name that was never submitted',
    run: async (trial) => {
      const here = await trial.connect();
      await here.submit(await trial.launchOf(SCRIPTS.stay));
      const { name } = await trial.launchOf(SCRIPTS.stay);
      mustEqual(await here.find(name), undefined, 'what is found');
    },
  },
  {
    name: 'find:exact',
    sentence: 'finds the name and none that begins with it',
    run: async (trial) => {
      const here = await trial.connect();
      const first = await trial.launchOf(SCRIPTS.stay);
      const second = await trial.launchOf({ script: SCRIPTS.stay, name: `${first.name}.2` });
      const id = await here.submit(second);
      mustEqual(await here.find(first.name), undefined, 'what is found under the first name');
      mustEqual(await here.find(second.name), id, 'what is found under the second');
    },
  },
  {
    name: 'find:parallel',
    sentence: 'finds each of several that were submitted at the same time',
    run: async (trial) => {
      const here = await trial.connect();
      const launches = await trial.launchesOf(3, SCRIPTS.stay);
      const ids = await here.submitAll(launches);
      const there = await trial.connect();
      const found = await Promise.all(launches.map(({ name }) => there.find(name)));
      mustEqual(found, ids, 'what is found');
    },
  },
];

/** Finding again what was submitted, when whoever submitted it is no more. */
import { mustEqual } from '../check.ts';
import { ENDS } from '../connection.ts';
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
    sentence: 'finds the name, and none that begins or ends with it',
    run: async (trial) => {
      const here = await trial.connect();
      const { name } = await trial.launchOf(SCRIPTS.stay);
      for (const longer of [`${name}.2`, `a.${name}`]) {
        const launch = await trial.launchOf({ script: SCRIPTS.stay, name: longer });
        const id = await here.submit(launch);
        mustEqual(await here.find(name), undefined, `what is found under ${name}`);
        mustEqual(await here.find(longer), id, `what is found under ${longer}`);
      }
    },
  },
  {
    name: 'find:ended',
    sentence: 'finds what is over as well, which was accepted and is not to be submitted again',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf('exit 0');
      const id = await here.submit(launch);
      await here.until(id, ...ENDS);
      mustEqual(await here.find(launch.name), id, 'what is found');
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

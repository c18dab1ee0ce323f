/** Letting go. */
import { mustEqual } from '../check.ts';
import { SCRIPTS } from '../launches.ts';
import type { Requirement } from '../requirement.ts';

/** That native jobs outlive whoever submitted them. */
export const closing: readonly Requirement[] = [
  {
    name: 'close:twice',
    sentence: 'closes, and closes again',
    run: async (trial) => {
      const { manager } = await trial.connect();
      await manager.close();
      await manager.close();
    },
  },
  {
    name: 'close:lives-on',
    sentence: 'leaves what runs alone, and another connection sees it',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.sayAndStay);
      const id = await here.submit(launch);
      await trial.written(launch, 'ready');
      await here.manager.close();
      const there = await trial.connect();
      await there.until(id, 'Running');
      mustEqual(await there.find(launch.name), id, 'what is found');
    },
  },
];

/** Letting go. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustEqual } from '../check.ts';
import { ENDS } from '../connection.ts';
import { HandleWatch } from '../handle-watch.ts';
import { SCRIPTS } from '../launches.ts';
import type { Requirement } from '../requirement.ts';
import { eventually } from '../waiting.ts';

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
      const launch = await trial.launchOf(SCRIPTS.answer);
      const id = await here.submit(launch);
      await trial.written(launch, 'ready');
      await here.manager.close();
      const there = await trial.connect();
      await there.until(id, 'Running');
      mustEqual(await there.find(launch.name), id, 'what is found');
      // What is being ended may be said to run for a while.
      await writeFile(join(launch.directory, 'gate'), '');
      await trial.written(launch, 'late');
    },
  },
  {
    name: 'close:lets-end',
    sentence: 'leaves nothing behind that keeps the program from ending',
    run: async (trial) => {
      const watch = new HandleWatch();
      try {
        await watch.during(async () => {
          const here = await trial.connect();
          const id = await here.submit(await trial.launchOf('exit 0'));
          await here.until(id, ...ENDS);
          await here.manager.close();
        });
        await eventually(
          async () => watch.left().length === 0 || undefined,
          () => `an end of what was begun meanwhile: ${watch.left().join(', ')}`,
          trial.patienceMs,
        );
      } finally {
        watch.stop();
      }
    },
  },
];

/** A resource manager that is away for a while. */
import { must, mustEqual, mustRefuse } from '../check.ts';
import { mustKnow } from '../connection.ts';
import { SCRIPTS } from '../launches.ts';
import { running } from '../native-jobs.ts';
import type { Requirement } from '../requirement.ts';
import type { Trial } from '../trial.ts';
import { eventually } from '../waiting.ts';

/** That what runs is not given up for it. */
export const down: readonly Requirement[] = [
  {
    name: 'down:states',
    sentence: 'says of nothing that it is over or unknown while the resource manager is away',
    run: async (trial) => {
      const { here, id } = await running(trial);
      await whileDown(trial, async () => {
        const said = await here.states([id]).catch(() => undefined);
        if (said !== undefined) mustKnow(said, id);
      });
      await eventually(
        async () =>
          (await here.stateOf(id).catch(() => undefined))?.state === 'Running' || undefined,
        () => 'Running, once it is back',
        trial.patienceMs,
      );
    },
  },
  {
    name: 'down:submit',
    sentence: 'refuses launches meanwhile, as what may succeed later, and leaves nothing behind',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      await whileDown(trial, async () => {
        const { transient, message } = await mustRefuse(here.submit(launch), 'submit()');
        must(transient, `'${message}' is no error that may pass`);
      });
      mustEqual(await here.find(launch.name), undefined, 'what is found of it');
    },
  },
  {
    name: 'down:find',
    sentence: 'does not say meanwhile that there is no such launch',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      const id = await here.submit(launch);
      await here.until(id, 'Running');
      await whileDown(trial, async () => {
        const found = await here.find(launch.name).catch(() => id);
        mustEqual(found, id, 'what is found');
      });
    },
  },
];

async function whileDown(trial: Trial, action: () => Promise<void>): Promise<void> {
  const [goDown, comeUp] = [trial.hook('down'), trial.hook('up')];
  await goDown();
  try {
    await action();
  } finally {
    await comeUp();
  }
}

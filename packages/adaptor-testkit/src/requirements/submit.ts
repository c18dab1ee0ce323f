/** Getting an agent started. */
import { readFile, writeFile } from 'node:fs/promises';
import { must, mustEqual, mustSay } from '../check.ts';
import { SCRIPTS } from '../launches.ts';
import type { Requirement } from '../requirement.ts';
import type { Trial } from '../trial.ts';
import { eventually } from '../waiting.ts';

/** How many launches are made at once. */
const MANY = 12;
/** Whatever a shell, an option parser or a template could trip over. */
const ODD_TEXT = ' a  "b" \'c\' $HOME `id` \\n %j #1; & | <x> * ä\nsecond line';
const ODD_FOLDER = "a pilot's own, 50% done";
/** What a shell makes something else of, unless each of these is kept from it. */
const SHELL_FOLDER = 'a "$HOME" $(echo 1) `echo 2`';

/** What becomes of one launch, and of many. */
export const submitting: readonly Requirement[] = [
  {
    name: 'submit:native-id',
    sentence: 'gives each launch a native id of its own',
    run: async (trial) => {
      const here = await trial.connect();
      const ids = [await here.submit(await trial.launchOf(SCRIPTS.stay))];
      ids.push(await here.submit(await trial.launchOf(SCRIPTS.stay)));
      must(
        ids.every((id) => id !== ''),
        'a native id is empty',
      );
      must(ids[0] !== ids[1], `two launches have the native id ${ids[0]}`);
    },
  },
  {
    name: 'submit:command',
    sentence: 'starts the command of the launch once',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf('echo 1 >>"$HERE/starts"; exit 0');
      await here.until(await here.submit(launch), 'Done');
      mustEqual(await trial.written(launch, 'starts'), '1\n', 'how often it was started');
    },
  },
  {
    name: 'submit:environment',
    sentence: "hands over the launch's environment as it stands",
    run: async (trial) => {
      const here = await trial.connect();
      const script = 'printf "%s\\n" "$ODD" >"$HERE/odd"; exit 0';
      const launch = await trial.launchOf({ script, environment: { ODD: ODD_TEXT } });
      await here.until(await here.submit(launch), 'Done');
      mustEqual(await trial.written(launch, 'odd'), `${ODD_TEXT}\n`, 'the variable');
    },
  },
  {
    name: 'submit:directory',
    sentence: "starts it in the launch's directory",
    run: async (trial) => {
      const here = await trial.connect();
      const script =
        '{ pwd; dirname "$1"; } >"$HERE/.place"; mv "$HERE/.place" "$HERE/place"; exit 0';
      const launch = await trial.launchOf(script);
      await here.until(await here.submit(launch), 'Done');
      const [place, own] = (await trial.written(launch, 'place')).split('\n');
      mustEqual(place, own, 'the directory');
      const isHere = here.manager.sharesFiles ?? true;
      if (isHere) mustEqual(place, launch.directory, 'the directory');
    },
  },
  {
    name: 'submit:log',
    sentence: 'appends what it writes to stdout and to stderr to the log file',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf('echo to stdout; echo to stderr >&2; exit 0');
      await writeFile(launch.logFile, 'from before\n', { mode: 0o600 });
      await here.until(await here.submit(launch), 'Done');
      for (const words of ['from before', 'to stdout', 'to stderr']) {
        const read = async () => (await readLog(launch.logFile)).includes(words) || undefined;
        await eventually(read, () => `'${words}' in the log file`, trial.patienceMs);
      }
    },
  },
  {
    name: 'submit:odd-paths',
    sentence: 'takes paths with blanks, quotes and percent signs',
    run: (trial) => startsIn(trial, ODD_FOLDER),
  },
  {
    name: 'submit:shell-paths',
    sentence: 'takes paths with what a shell would expand, and runs nothing that stands in one',
    run: (trial) => startsIn(trial, SHELL_FOLDER),
  },
  {
    name: 'submit:init-commands',
    sentence: 'runs initCommands before it in the same shell, if it lists them; each must succeed',
    run: async (trial) => {
      if (!trial.options.adaptor.attributes.includes('initCommands')) return;
      const here = await trial.connect();
      const good = await trial.launchOf({
        script: 'echo "$MODULE" >"$HERE/module"; exit 0',
        description: { initCommands: ['MODULE="a b"', 'export MODULE'] },
      });
      const bad = await trial.launchOf({
        script: 'echo >"$HERE/started"; exit 0',
        description: { initCommands: ['false'] },
      });
      const [goodId = '', badId = ''] = await here.submitAll([good, bad]);
      await here.until(goodId, 'Done');
      mustEqual(await trial.written(good, 'module'), 'a b\n', 'what initCommands exported');
      await here.until(badId, 'Failed');
    },
  },
  {
    name: 'submit:parallel',
    sentence: 'takes launches at the same time, and starts each with its own settings',
    run: async (trial) => {
      const here = await trial.connect();
      const launches = await trial.launchesOf(MANY, 'echo "$PSTAR_PILOT_ID" >"$HERE/own"; exit 0');
      const ids = await here.submitAll(launches);
      mustEqual(new Set(ids).size, MANY, 'how many native ids there are');
      await here.untilOver(ids);
      for (const launch of launches) {
        mustEqual(await trial.written(launch, 'own'), `${launch.name}\n`, 'the environment');
      }
    },
  },
  {
    name: 'submit:refused',
    sentence: "rejects with the resource manager's own sentence, and leaves nothing behind",
    run: async (trial) => {
      const { says, description = {} } = trial.option('refused');
      const here = await trial.connect();
      const launch = await trial.launchOf({ script: SCRIPTS.stay, description });
      await mustSay(here.submit(launch), says, 'submit()');
      mustEqual(await here.find(launch.name), undefined, 'what is found of it');
    },
  },
  {
    name: 'submit:aborted',
    sentence: 'submits nothing for a caller who has given up already',
    run: async (trial) => {
      const here = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      const outcome = await here.submit(launch, AbortSignal.abort()).catch(() => undefined);
      mustEqual(outcome, undefined, 'what submit() gives');
      mustEqual(await here.find(launch.name), undefined, 'what is found of it');
    },
  },
  {
    name: 'submit:pending',
    sentence: 'says of what waits that it is Pending, and in what words the resource manager does',
    run: async (trial) => {
      const here = await trial.connect();
      const description = trial.option('pending');
      const id = await here.submit(await trial.launchOf({ script: SCRIPTS.stay, description }));
      const { detail } = await here.until(id, 'Pending');
      must(detail.trim() !== '', 'the detail is empty');
    },
  },
];

/** Has a launch start in a directory that is called so, and write its log there. */
async function startsIn(trial: Trial, folder: string): Promise<void> {
  const here = await trial.connect();
  const launch = await trial.launchOf({ script: 'echo here; exit 0', folder });
  await here.until(await here.submit(launch), 'Done');
  const read = async () => (await readLog(launch.logFile)).includes('here') || undefined;
  await eventually(read, () => `a line in ${launch.logFile}`, trial.patienceMs);
}

function readLog(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

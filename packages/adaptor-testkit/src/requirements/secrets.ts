/** The key that an agent proves itself with stands in its settings, and nowhere where others look. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentLaunch } from '@pstar/core/adaptor';
import { must, mustEqual } from '../check.ts';
import { SCRIPTS, secretOf } from '../launches.ts';
import type { Requirement } from '../requirement.ts';
import type { Trial } from '../trial.ts';

/** What anybody but its owner may do with a file. */
const OTHERS = 0o077;

/** Where programs put what has no place of its own, besides the requirement's directory. */
const PLACES = new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm', homedir(), process.cwd()]);
/** Of directories below these. */
const DEPTH = 2;
/** No copy of settings is larger. */
const BYTES_MAX = 1 << 20;

/** That no secret is shown. */
export const secrets: readonly Requirement[] = [
  {
    name: 'secrets:processes',
    sentence: 'shows no secret in the arguments or the environment of any process',
    run: async (trial) => {
      const launch = await runningLaunch(trial);
      for (const file of ['cmdline', 'environ']) {
        const shown = await processesThatShow(file, await secretsOf(trial, launch));
        must(shown.length === 0, `a secret is in the ${file} of the processes ${shown.join(', ')}`);
      }
    },
  },
  {
    name: 'secrets:commands',
    sentence: 'passes no secret in the arguments or the environment of its own commands',
    run: async (trial) => {
      const secrets = await secretsOf(trial, await runningLaunch(trial));
      for (const { command, options } of trial.commands.calls) {
        const text = JSON.stringify([command, options.environment]);
        const shown = secrets.some((secret) => text.includes(secret));
        must(!shown, `${command[0]} is run with a secret`);
      }
    },
  },
  {
    name: 'secrets:render',
    sentence: 'renders a launch without secrets, and without its files',
    run: async (trial) => {
      const { manager } = await trial.connect();
      const launch = await trial.launchOf(SCRIPTS.stay);
      const secrets = await secretsOf(trial, launch);
      const text = await manager.render(launch);
      must(!secrets.some((secret) => text.includes(secret)), 'it has a secret');
      // It may be asked for when the pilot is over.
      await rm(launch.directory, { recursive: true });
      mustEqual(await manager.render(launch), text, 'what is rendered when the files are gone');
    },
  },
  {
    name: 'secrets:log',
    sentence: 'makes the log file for its owner alone',
    run: async (trial) => {
      const { logFile } = await runningLaunch(trial);
      const { manager } = await trial.connect();
      // From afar it is brought here at the end.
      if (manager.sharesFiles === false) await trial.endAll();
      const { mode } = await stat(logFile);
      must((mode & OTHERS) === 0, `the log file has mode ${(mode & 0o777).toString(8)}`);
    },
  },
  {
    name: 'secrets:files',
    sentence: 'writes secrets only into files that nobody else can read',
    run: async (trial) => {
      const secrets = await secretsOf(trial, await runningLaunch(trial));
      const { birthtimeMs: since } = await stat(join(trial.directory, 'adaptor'));
      const beyond = [...PLACES].map((place) => newFilesIn(place, since, DEPTH));
      for (const file of [await filesIn(trial.directory), ...(await Promise.all(beyond))].flat()) {
        const text = await readFile(file, 'utf8').catch(() => '');
        if (!secrets.some((secret) => text.includes(secret))) continue;
        const { mode } = await stat(file);
        must((mode & OTHERS) === 0, `${file} has a secret and mode ${(mode & 0o777).toString(8)}`);
      }
    },
  },
];

/** A launch whose program runs. */
async function runningLaunch(trial: Trial): Promise<AgentLaunch> {
  const here = await trial.connect();
  const launch = await trial.launchOf(SCRIPTS.sayAndStay);
  await here.submit(launch);
  await trial.written(launch, 'ready');
  return launch;
}

async function secretsOf({ options }: Trial, launch: AgentLaunch): Promise<string[]> {
  const secret = await secretOf(launch);
  const password = options.security?.userPass;
  return password === undefined ? [secret] : [secret, password];
}

async function processesThatShow(file: string, texts: readonly string[]): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const shown = await Promise.all(
    pids.map(async (pid) => {
      // One that has ended meanwhile, or is another user's, shows nothing.
      const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      return texts.some((secret) => text.includes(secret)) ? [pid] : [];
    }),
  );
  return shown.flat();
}

/** What was made there meanwhile, by whomever; what is gone again is left out. */
async function newFilesIn(directory: string, since: number, depth: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const about = await stat(path).catch(() => undefined);
    if (about === undefined) continue;
    if (entry.isFile()) {
      if (about.birthtimeMs >= since && about.size <= BYTES_MAX) found.push(path);
    } else if (depth > 1 || (depth > 0 && about.mtimeMs >= since)) {
      // The time of a directory is that of its last new file: the deepest need no look inside.
      found.push(...(await newFilesIn(path, since, depth - 1)));
    }
  }
  return found;
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

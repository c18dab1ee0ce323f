/** Files that are to be seen by the resource manager and its nodes, which may be another machine's. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { AgentLaunch, RemoteFiles } from '@pstar/core/adaptor';
import { must } from '../check.ts';
import type { CommandCall } from '../commands.ts';
import { filesBelow } from '../elsewhere.ts';
import { SCRIPTS } from '../launches.ts';
import type { Requirement } from '../requirement.ts';
import type { Trial } from '../trial.ts';

/** Enough to be handed over together. */
const LAUNCHES = 3;

/** Of the machine that files are elsewhere of. */
const ROOT = 'elsewhere';
/** Whatever in a word looks like a path. */
const PATHS = /\/[^\s'"=,:;]+/g;

/** That an adaptor that goes by commands works from afar. */
export const files: readonly Requirement[] = [
  {
    name: 'files:there',
    sentence: 'writes by the files of its runner whatever commands and nodes are to see',
    run: async (trial) => {
      const there = filesBelow(join(trial.directory, ROOT));
      trial.commands.files = there;
      trial.commands.wordThere = (word) => wordBelow(join(trial.directory, ROOT), word);
      const here = await trial.connect();
      const description = trial.option('pending');
      const launches = await trial.launchesOf(LAUNCHES, { script: SCRIPTS.stay, description });
      await Promise.all(launches.map((launch) => bring(there, launch)));
      const before = await filesOf(trial);
      const from = trial.commands.calls.length;
      await here.submitAll(launches);
      for (const { name } of launches) must(await here.find(name), 'it does not find its launch');
      const calls = trial.commands.calls.slice(from);
      must(calls.length > 0, 'it has run no command by the runner of its context');
      const added = [...(await filesOf(trial))].filter((file) => !before.has(file));
      must(added.length === 0, `it has written ${added[0]}, which only this machine has`);
      for (const call of calls) await mustNameNothingOfHere(trial, call, there, before);
    },
  },
];

/** As a command there reads it: what it names and only that machine has is below its root here. */
function wordBelow(root: string, word: string): string {
  const isThereAlone = (path: string) => !existsSync(path) && existsSync(root + path);
  return word.replace(PATHS, (path) => (isThereAlone(path) ? root + path : path));
}

/** As a gateway does it. */
async function bring(there: RemoteFiles, launch: AgentLaunch): Promise<void> {
  const { directory, settingsFile, agentFile } = launch;
  await there.makeDirectory(directory);
  for (const file of [settingsFile, agentFile]) await there.write(file, await readFile(file));
}

/** What there is here but the adaptor's own, which it may fill as it likes. */
async function filesOf({ directory }: Trial): Promise<Set<string>> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  const isFree = (path: string) =>
    ['adaptor', ROOT].some((name) => `${path}${sep}`.startsWith(join(directory, name) + sep));
  return new Set(paths.filter((path) => !isFree(path)));
}

/** A command there sees nothing that was made here meanwhile, and nothing of the adaptor's own. */
async function mustNameNothingOfHere(
  trial: Trial,
  { command, options: { input = '', environment = {} } }: CommandCall,
  there: RemoteFiles,
  known: ReadonlySet<string>,
): Promise<void> {
  const own = join(trial.directory, 'adaptor');
  const words = [...command, input, ...Object.values(environment)];
  const paths = new Set(words.flatMap((word) => word.match(PATHS) ?? []));
  const { birthtimeMs: since } = await stat(own);
  for (const path of paths) {
    const isOwn = `${path}/`.startsWith(`${own}/`);
    const found = await stat(path).catch(() => undefined);
    const isNew = found?.isFile() && found.birthtimeMs >= since && !known.has(path);
    const isHere = (isOwn || isNew) && (await there.stat(path)) === undefined;
    must(!isHere, `${command[0]} is told of ${path}, which only this machine has`);
  }
}

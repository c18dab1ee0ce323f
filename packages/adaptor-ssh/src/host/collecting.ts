/** Fetches what an agent has left over there into the launch's own directory here. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AdaptorError, type CommandRunner, type Log } from '@pstar/core/adaptor';

/** Where it goes. */
export interface CollectedInto {
  /** The launch's own. */
  readonly directory: string;
  /** What was written over there is appended. */
  readonly logFile: string;
}

const KEPT = 'kept';

/**
 * Reports that nobody has acknowledged, last words and death notes, and the log; the log last, so that
 * what was fetched before a crash and is fetched again is in none of them twice. A log that cannot go where
 * it was to be stays in the launch's directory: the end of a pilot does not wait for it.
 */
export async function collect(
  runner: CommandRunner,
  from: string,
  { directory, logFile }: CollectedInto,
  log: Log,
): Promise<void> {
  await collectKept(runner, from, directory);
  if ((await runner.files.stat(`${from}/agent.log`)) === undefined) return;
  // Named after the agent: those of other hosts come at the same time.
  const draft = join(directory, `.${basename(from)}.log`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await runner.files.download(`${from}/agent.log`, draft);
  try {
    await add(draft, logFile);
    await rm(draft, { force: true });
  } catch (err) {
    const kept = join(directory, `${basename(from)}.log`);
    await rename(draft, kept);
    log.warn({ file: logFile, kept, err }, 'the log of an agent cannot be added to its file');
  }
}

/** What is being added: in turn, as the lines of two logs would tear each other. */
let adding: Promise<unknown> = Promise.resolve();

function add(from: string, to: string): Promise<void> {
  const added = adding.then(() =>
    pipeline(createReadStream(from), createWriteStream(to, { flags: 'a', mode: 0o600 })),
  );
  adding = added.catch(() => {});
  return added;
}

/**
 * Refuses an `output` that nothing can be added to, while nothing is done yet.
 *
 * @throws PilotError `DESCRIPTION_INVALID`
 */
export async function refuseUnwritable(logFile: string): Promise<void> {
  const file = await open(logFile, 'a', 0o600).catch((cause: Error) => {
    const problem = `${logFile} cannot be written to: ${cause.message}`;
    const hint = 'write the path of a file in a directory that is there, or leave it out';
    throw new AdaptorError('DESCRIPTION_INVALID', problem, { subject: 'output', hint, cause });
  });
  await file.close();
}

/**
 * Death notes last: when one is found, what it is about is there.
 *
 * @param whose `killed`: only what agents have left of which there is a death note
 */
export async function collectKept(
  runner: CommandRunner,
  from: string,
  directory: string,
  whose: 'all' | 'killed' = 'all',
): Promise<readonly string[]> {
  const there = `${from}/${KEPT}`;
  if ((await runner.files.stat(there)) === undefined) return [];
  const all = [...(await runner.files.list(there))].sort(notesLast);
  const names = whose === 'all' ? all : ofKilled(all);
  const here = join(directory, KEPT);
  await mkdir(here, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const draft = join(here, `.${name}`);
    await runner.files.download(`${there}/${name}`, draft);
    await rename(draft, join(here, name));
  }
  return names;
}

/** No other file's name ends so. */
const NOTE = '~killed';

/** An agent's files are called by its id, then a sign that is in no id. */
function ofKilled(names: readonly string[]): readonly string[] {
  const ids = names
    .filter((name) => name.endsWith(NOTE))
    .map((name) => name.slice(0, -NOTE.length));
  return names.filter((name) =>
    ids.some((id) => name.startsWith(id) && !/^[\w-]/.test(name.slice(id.length))),
  );
}

function notesLast(a: string, b: string): number {
  return Number(a.endsWith(NOTE)) - Number(b.endsWith(NOTE));
}

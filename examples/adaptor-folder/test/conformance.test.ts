/** `folder://` keeps what adaptors promise. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeAdaptorConformance } from '@pstar/adaptor-testkit';
import { folderAdaptor } from '../src/index.ts';

const NO_COMMANDS = 'it moves files and runs no command';
const NO_DAEMON = 'a directory is not down while its disk is there';
const NO_SUCH_STATE = 'a file waits, runs or is over';
const TAKES_ALL = 'a directory takes every file';
const RUNNERS = 4;

// Where the package's own name finds it, as its users' programs do.
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const directory = mkdtempSync(join(tmpdir(), 'pstar-folder-'));
const runner = fileURLToPath(new URL('../src/runner.ts', import.meta.url));
const runners: ChildProcess[] = [];

async function setup(): Promise<void> {
  for (let i = 0; i < RUNNERS; i++) {
    runners.push(spawn(process.execPath, ['--import', 'tsx', runner, directory]));
  }
  while (!existsSync(join(directory, 'cancel'))) await setTimeout(20);
}

async function teardown(): Promise<void> {
  for (const child of runners) {
    child.kill();
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
}

/** Kills what was started under a launch's name, as soon as it is there. */
async function lose(id: string): Promise<void> {
  const mark = `PSTAR_PILOT_ID=${id.slice(id.indexOf('-') + 1)}\0`;
  for (let found = 0; found === 0; await setTimeout(20)) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      if (environment.includes(mark)) found += Number(process.kill(Number(pid), 'SIGKILL'));
    }
  }
}

describeAdaptorConformance('folder://', {
  adaptor: folderAdaptor,
  rm: `folder://${directory}`,
  setup,
  teardown,
  pending: { startTime: new Date(Date.now() + 3_600_000) },
  outside: {
    cancel: (id) => writeFile(join(directory, 'cancel', id), ''),
    lose,
    forget: (id) => unlink(join(directory, 'over', id)),
  },
  patienceMs: 45_000,
  cannot: {
    'submit:refused': TAKES_ALL,
    'work:refused': TAKES_ALL,
    'cancel:held': NO_SUCH_STATE,
    'cancel:suspended': NO_SUCH_STATE,
    'outside:held': NO_SUCH_STATE,
    'outside:suspended': NO_SUCH_STATE,
    'outside:requeued': NO_SUCH_STATE,
    'outside:name': 'files are called after launches',
    'signal:running': 'a file takes no signals',
    'faults:tool-missing': NO_COMMANDS,
    'faults:failing': NO_COMMANDS,
    'faults:garbage': NO_COMMANDS,
    'faults:hanging': NO_COMMANDS,
    'faults:states': NO_COMMANDS,
    'faults:silence': NO_COMMANDS,
    'faults:find': NO_COMMANDS,
    'faults:cancel': NO_COMMANDS,
    'faults:cancel-some': NO_COMMANDS,
    'faults:lost-answer': NO_COMMANDS,
    'faults:given-up': NO_COMMANDS,
    'files:there': NO_COMMANDS,
    'down:states': NO_DAEMON,
    'down:submit': NO_DAEMON,
    'down:find': NO_DAEMON,
  },
});

/**
 * Runs every example as a user does, and once more with a program in its way that does something
 * else than it is expected to: then the example must say so and fail.
 */
import { spawn } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GridEngineCluster, startGridEngine } from '../clusters/gridengine/cluster.ts';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { buildDrmaa2 } from '../drmaa/build.ts';
import { files, root } from '../tidy/repository.ts';

interface Run {
  readonly exitCode: number | null;
  readonly output: string;
}

let place: string;
/** Where programs are looked for first, here and on the hosts. */
let bin: string;
let cluster: SlurmCluster;
let cell: GridEngineCluster;
let hosts: SshHosts;
let drmaa2: string;
/** Where the examples are, or a copy of them with something wrong in it. */
let examplesAt: string;

beforeAll(async () => {
  cluster = await startSlurm({ nodes: 3, cpus: 8 });
  hosts = await startSshHosts({ hosts: [{}, {}] });
  cell = await startGridEngine();
  drmaa2 = await buildDrmaa2({ layout: 'age' });
  bin = join(hosts.shared, 'bin');
  // Each of the four may take as long as in hooks that start one alone.
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await hosts.stop();
  await cell.stop();
});

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pstar-examples-'));
  examplesAt = join(root, 'examples');
  await mkdir(bin);
  await mkdir(join(place, 'pstar'));
  const afar = {
    rm: `ssh://h1,h2/?config=${encodeURIComponent(hosts.config)}`,
    description: { initCommands: [`PATH=${bin}:$PATH`] },
  };
  await writeFile(join(place, 'pstar', 'profiles.json'), JSON.stringify({ afar }));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
  await rm(bin, { recursive: true });
});

function run(name: string, ...args: string[]): Promise<Run> {
  const file = join(examplesAt, `${name}.ts`);
  const node = ['--conditions=@pstar/source', '--import', 'tsx'];
  const words = args.map((word) => word.replace('PLACE', () => place));
  const child = spawn(process.execPath, [...node, file, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...cluster.environment,
      ...cell.environment,
      PSTAR_HOME: join(place, 'store'),
      PSTAR_SSH: 'afar',
      // Grid Engine does not bring the environment along.
      PSTAR_DRMAA_INIT_COMMANDS: `PATH=${bin}:$PATH`,
      DRMAA2_LIBRARY_PATH: drmaa2,
      DRMAA2_TEST_ROOT: join(place, 'drmaa2'),
      XDG_CONFIG_HOME: place,
      PATH: `${bin}:${cluster.environment.PATH}:${cell.environment.PATH}`,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}

/** A program that is found before the real one of that name. */
async function pretend(name: string, script: string): Promise<void> {
  const path = join(bin, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** Makes what functions lean on do something else, and nothing but that, where they are called. */
async function sabotage(name: string, script: string): Promise<void> {
  const original = join(root, 'examples');
  examplesAt = join(place, 'examples');
  for (const path of files(/^examples\/(?:lib\/|functions\/)?[^/]+$/))
    await cp(join(root, path), join(place, path));
  await symlink(join(original, 'node_modules'), join(examplesAt, 'node_modules'));
  const program = JSON.stringify(join(examplesAt, `${name}.ts`));
  for (const module of await readdir(join(examplesAt, 'functions'))) {
    const file = join(examplesAt, 'functions', module);
    const text = await readFile(file, 'utf8');
    await writeFile(file, `if (process.argv[1] !== ${program}) {${script}}\n${text}`);
  }
}

interface Example {
  /** PLACE stands for a directory that is removed after the test. */
  readonly args?: string[];
  readonly says: RegExp;
  /** A program that does something else than the real one of that name. */
  readonly fake?: [string, string];
  /** What does it in workers, for functions. */
  readonly sabotage?: string;
}

const examples: Record<string, Example> = {
  '01-hello': {
    says: /said: hello from a pilot$/m,
    fake: ['echo', 'printf "good bye\\n"'],
  },
  '02-word-count': {
    args: ['examples'],
    says: /words, and a direct count says the same$/m,
    fake: ['wc', 'printf "1\\n"'],
  },
  '03-diamond': {
    says: /^table +Canceled +0 +canceled because \S+\.2 failed$/m,
    fake: ['grep', 'exit 0'],
  },
  '04-cancel': {
    says: /^after: +1 Done, 100 Canceled; 0 processes$/m,
    // Three processes a unit where one is expected; they must be gone all the same.
    fake: ['sleep', '/bin/sleep "$@" & /bin/sleep "$@" & wait'],
  },
  '05-live-table': {
    says: /^bee {2}Done +\[#+\] +step 8 of 8$/m,
    fake: ['sleep', 'echo 0.1 reported from elsewhere > "$PSTAR_PROGRESS"; exec 2>&1; kill $PPID'],
  },
  '06-many-to-many': {
    says: /^licensed of 1 cores ran \d+ units$/m,
    fake: ['sleep', 'exit 3'],
  },
  '07-reopen': {
    says: /^400 units are done; each ran once, by its own account$/m,
    fake: ['sleep', 'echo $PSTAR_UNIT_ID >>ledger'],
  },
  '08-slurm': {
    says: /^100 units have run on 2 nodes: n\d, n\d$/m,
    fake: ['sleep', 'echo and more'],
  },
  '09-local-and-slurm': {
    says: /^of the last 200, \d+ ran here and \d+ in Slurm$/m,
    fake: ['sleep', 'exit 3'],
  },
  '10-ssh-pilot': {
    says: /^20 sums were made on h\d(, h2)?, and are all right here$/m,
    fake: ['awk', 'echo 7'],
  },
  '11-three-resources': {
    says: /^all 240 outputs are here$/m,
    fake: ['tr', 'echo no such thing'],
  },
  '12-gridengine-pilot': {
    says: /^100 units have run on 4 cores of g1$/m,
    fake: ['sleep', 'echo and more'],
  },
  '13-drmaa2-alone': {
    says: /^the session knew 12 native jobs, and all 12 outputs are right$/m,
    fake: ['sort', 'cat'],
  },
  '14-interoperability': {
    says: /^all +1000 +\d+ +[\d.]+$/m,
    fake: ['sleep', 'exit 3'],
  },
  '15-word-statistics': {
    args: ['examples'],
    says: /^[\d,]+ words in \d+ files, [\d,]+ different$/m,
    sabotage: `const { matchAll } = String.prototype;
      String.prototype.matchAll = function (words) { return [...matchAll.call(this, words)].slice(1); };`,
  },
  '16-mandelbrot': {
    args: ['PLACE/mandelbrot.png'],
    says: /^\S+\.png: 256 tiles$/m,
    sabotage: 'Math.floor = Math.ceil;',
  },
  '17-parameter-scan': {
    says: /^192 runs in \d+ workers, each of which has made its model once$/m,
    sabotage: 'const { imul } = Math; Math.imul = (a, b) => imul(a, b) + 1;',
  },
};

describe('the examples', () => {
  it('are all tested', () => {
    const names = files(/^examples\/\d\d-.*\.ts$/).map((path) => path.slice(9, -3));
    expect(Object.keys(examples)).toEqual(names);
  });

  describe.each(Object.entries(examples))('%s', (name, { args = [], says, ...wrong }) => {
    it('does what it says', async () => {
      const { exitCode, output } = await run(name, ...args);
      expect(output).toMatch(says);
      expect(exitCode, output).toBe(0);
    }, 120_000);

    it('notices when something is wrong', async () => {
      if (wrong.fake) await pretend(...wrong.fake);
      if (wrong.sabotage) await sabotage(name, wrong.sabotage);
      const { exitCode, output } = await run(name, ...args);
      expect(output).toMatch(/^Error: wrong outcome: /m);
      expect(exitCode).toBe(1);
    }, 120_000);
  });
});

describe('02-word-count', () => {
  it('counts the documents of the installed packages', async () => {
    const { exitCode, output } = await run('02-word-count');
    expect(output).toMatch(/^\d,\d+ units in [\d.]+ s, [\d,]+ a second$/m);
    expect(exitCode, output).toBe(0);
  }, 300_000);

  it('takes files of any name, and leaves out what is no text', async () => {
    const texts = join(place, 'texts');
    await mkdir(join(texts, 'a b'), { recursive: true });
    await writeFile(join(texts, 'a b', 'it\'s\n$(not) "a" -w *?\\'), 'one two\nthree');
    await writeFile(join(texts, '-w'), ' four\t\n');
    await writeFile(join(texts, 'été'), 'fünf');
    await writeFile(join(texts, 'empty'), '');
    await writeFile(join(texts, 'binary'), 'no\0text');
    await writeFile(Buffer.concat([Buffer.from(`${texts}/`), Buffer.of(0xff)]), 'no string');
    const { exitCode, output } = await run('02-word-count', texts);
    expect(output).toMatch(/^Counts the words of 4 files /m);
    expect(output).toMatch(/^5 words, /m);
    expect(exitCode, output).toBe(0);
  }, 120_000);

  it('says so when there is nothing to count', async () => {
    const { exitCode, output } = await run('02-word-count', bin);
    expect(output).toMatch(/^Error: wrong outcome: there is no text file below /m);
    expect(exitCode).toBe(1);
  });
});

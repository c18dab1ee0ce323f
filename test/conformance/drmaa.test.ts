/** `drmaa://` keeps what adaptors promise, on a real Grid Engine. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drmaaAdaptor } from '@pstar/adaptor-drmaa';
import { describeAdaptorConformance } from '@pstar/adaptor-testkit';
import {
  DRMAA_LIBRARY,
  type GridEngineCluster,
  startGridEngine,
} from '../clusters/gridengine/cluster.ts';

const AN_HOUR_MS = 3_600_000;

let cluster: GridEngineCluster;

/** What a command of Grid Engine's writes; it must succeed. */
async function gridEngine(...command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cluster.run(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr || stdout}`);
  return stdout.trim();
}

function url(): string {
  const { SGE_ROOT } = cluster.environment;
  const query = new URLSearchParams({ root: SGE_ROOT, poll: '1' });
  return `drmaa://${DRMAA_LIBRARY}?${query}`;
}

async function addProject(name: string): Promise<void> {
  const file = join(cluster.directory, `project-${name}`);
  await writeFile(file, `name ${name}\noticket 0\nfshare 0\nacl NONE\nxacl NONE\n`);
  await gridEngine('qconf', '-Aprj', file);
}

/**
 * An administrator gives it up with its host, whose power goes, and has that back then. In this order: of a
 * deletion by force whose host has died a moment ago Grid Engine's qmaster dies now and then.
 */
async function lose(nativeId: string): Promise<void> {
  const host = cluster.host('g1');
  await gridEngine('qdel', '-f', nativeId);
  await host.kill();
  await host.start();
}

/** An accounting without its records, as after its rotation. */
async function forget(): Promise<void> {
  const { SGE_ROOT, SGE_CELL } = cluster.environment;
  await writeFile(join(SGE_ROOT, SGE_CELL, 'common', 'accounting'), '');
}

const BY_LIBRARY =
  'the library hands launches over and ends them, in a process of its own, and no command does: tests of the binding try what goes wrong there';

const FAULTS = ['tool-missing', 'failing', 'garbage', 'hanging', 'cancel', 'cancel-some'];

describeAdaptorConformance('drmaa:// with Grid Engine', {
  adaptor: drmaaAdaptor,
  rm: url,
  setup: async () => {
    cluster = await startGridEngine({ slots: 32 });
    await addProject('physics');
  },
  teardown: () => cluster.stop(),
  description: { nativeOptions: { r: 'y' } },
  pending: { startTime: new Date(Date.now() + AN_HOUR_MS) },
  refused: { description: { queue: 'nowhere' }, says: /unknown queue "nowhere"/ },
  examples: {
    queue: { queue: 'all.q' },
    project: { project: 'physics' },
    numberOfProcesses: { numberOfProcesses: 1 },
    candidateHosts: { candidateHosts: ['g1'] },
    cpuArchitecture: { cpuArchitecture: ['x86_64', 'arm64'] },
    operatingSystemType: { operatingSystemType: 'Linux' },
    nativeOptions: { nativeOptions: { p: -1 } },
  },
  outside: {
    lose,
    forget,
    cancel: (nativeId) => gridEngine('qdel', nativeId),
    suspend: (nativeId) => gridEngine('qmod', '-sj', nativeId),
    resume: (nativeId) => gridEngine('qmod', '-usj', nativeId),
    hold: (nativeId) => gridEngine('qhold', nativeId),
    requeue: (nativeId) => gridEngine('qmod', '-rj', nativeId),
    show: (nativeId) => gridEngine('qstat', '-j', nativeId),
    down: () => cluster.qmaster.kill(),
    up: () => cluster.qmaster.start(),
  },
  program: { module: new URL('../../packages/adaptor-drmaa/src/index.ts', import.meta.url).href },
  load: { count: 300, because: 'each is a call to the library of its own' },
  patienceMs: 60_000,
  cannot: {
    ...Object.fromEntries(FAULTS.map((name) => [`faults:${name}`, BY_LIBRARY])),
    'signal:running': 'neither DRMAA nor Grid Engine sends a signal of the user’s',
  },
});

/** What adaptors promise, on a Slurm of three nodes, in whatever way it is asked. */
import { slurmAdaptor } from '@pstar/adaptor-slurm';
import { type ConformanceOptions, describeAdaptorConformance } from '@pstar/adaptor-testkit';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';

const AN_HOUR_MS = 3_600_000;

let cluster: SlurmCluster;

/** What a command of Slurm's writes; it must succeed. */
async function slurm(...command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cluster.run(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return stdout.trim();
}

const control = (verb: string) => (nativeId: string) => slurm('scontrol', verb, nativeId);

/** As from a node without power, of which the controller is told at once. It is not to run again. */
async function lose(nativeId: string): Promise<void> {
  await slurm('scontrol', 'update', `JobId=${nativeId}`, 'Requeue=0');
  const name = await slurm('squeue', '-h', '-j', nativeId, '-o', '%N');
  const node = cluster.node(name);
  await node.kill();
  await slurm('scontrol', 'update', `NodeName=${name}`, 'State=DOWN', 'Reason=lost');
  await node.boot();
  await slurm('scontrol', 'update', `NodeName=${name}`, 'State=RESUME');
  await node.start();
}

/** Slurm forgets what is over after MinJobAge, and then some. */
async function forget(nativeId: string): Promise<void> {
  while ((await cluster.run(['scontrol', 'show', 'job', nativeId])).exitCode === 0) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const ON_SLURM: Omit<ConformanceOptions, 'rm'> = {
  adaptor: slurmAdaptor,
  setup: async () => {
    cluster = await startSlurm({
      nodes: 3,
      cpus: 16,
      rest: true,
      accounting: 'completion-log',
      // Shown for long enough to be asked about on a busy machine; what is suspended hears no SIGTERM,
      // and waits for SIGKILL.
      lines: ['MinJobAge=10', 'KillWait=3'],
    });
  },
  teardown: () => cluster.stop(),
  description: { totalCpuCount: 1 },
  pending: { startTime: new Date(Date.now() + AN_HOUR_MS) },
  refused: { description: { queue: 'nowhere' }, says: /[Ii]nvalid partition/ },
  examples: {
    queue: { queue: 'short' },
    project: { project: 'physics' },
    candidateHosts: { candidateHosts: ['n1', 'n2'] },
    cpuArchitecture: { cpuArchitecture: 'x86_64' },
    operatingSystemType: { operatingSystemType: 'Linux' },
    nativeOptions: { nativeOptions: { comment: 'by the kit' } },
  },
  outside: {
    cancel: (nativeId) => slurm('scancel', nativeId),
    lose,
    forget,
    suspend: control('suspend'),
    resume: control('resume'),
    hold: control('hold'),
    requeue: control('requeue'),
    show: (nativeId) => slurm('squeue', '-h', '-j', nativeId, '-o', '%j'),
    down: () => cluster.controller.stop(),
    up: () => cluster.controller.start(),
  },
  program: { module: new URL('../../packages/adaptor-slurm/src/index.ts', import.meta.url).href },
  patienceMs: 45_000,
};

/** Makes the tests of one way to ask Slurm. */
export function describeSlurmConformance(
  name: string,
  rm: (cluster: SlurmCluster) => string,
  more: Partial<ConformanceOptions> = {},
): void {
  describeAdaptorConformance(name, { ...ON_SLURM, rm: () => rm(cluster), ...more });
}

/**
 * One run of one measurement in a process of its own, so that none inherits the heap or the warm
 * code of another: `node round.mjs NAME CONTEXT`, and the sample comes out as JSON.
 */
import type { Sample } from './harness.ts';
import type { Context } from './measures/world.ts';

type Measure = (context: Context) => Promise<Sample>;

/** Loaded on demand: what one does not need is not in its memory. */
const measures: Readonly<Record<string, () => Promise<Measure>>> = {
  'process-units': async () => (await import('./measures/process-units.ts')).processUnits,
  'null-units': async () => (await import('./measures/run-units.ts')).nullUnits,
  'many-agents': async () => (await import('./measures/crowd.ts')).manyAgents,
  crowd: async () => (await import('./measures/crowd.ts')).crowd,
  'vast-at-once': async () => (await import('./measures/scale.ts')).vastAtOnce,
  'vast-in-portions': async () => (await import('./measures/scale.ts')).vastInPortions,
  'graph-by-name': async () => (await import('./measures/scale.ts')).graphByName,
  'graph-by-reference': async () => (await import('./measures/scale.ts')).graphByReference,
  growth: async () => (await import('./measures/growth.ts')).growth,
  unwatched: async () => (await import('./measures/observing.ts')).unwatched,
  watched: async () => (await import('./measures/observing.ts')).watched,
  awaited: async () => (await import('./measures/observing.ts')).awaited,
  free: async () => (await import('./measures/computing.ts')).free,
  blocked: async () => (await import('./measures/computing.ts')).blocked,
  'submit-alike': async () => (await import('./measures/submit.ts')).submitAlike,
  'submit-own': async () => (await import('./measures/submit.ts')).submitOwn,
  'idle-latency': async () => (await import('./measures/latency.ts')).idleLatency,
  'pending-in-portions': async () => (await import('./measures/memory.ts')).pendingInPortions,
  'pending-at-once': async () => (await import('./measures/memory.ts')).pendingAtOnce,
  'manager-alike': async () => (await import('./measures/manager.ts')).managerAlike,
  'manager-apart': async () => (await import('./measures/manager.ts')).managerApart,
  'manager-graph': async () => (await import('./measures/manager.ts')).managerGraph,
  'manager-memory': async () => (await import('./measures/manager.ts')).managerMemory,
  'mixed-quality': async () => (await import('./measures/quality.ts')).mixedQuality,
  'small-quality': async () => (await import('./measures/quality.ts')).smallQuality,
  'ended-in-log': async () => (await import('./measures/reopen.ts')).endedInLog,
  'ended-in-snapshot': async () => (await import('./measures/reopen.ts')).endedInSnapshot,
  reopen: async () => (await import('./measures/reopen.ts')).reopen,
  'read-bytes': async () => (await import('./measures/reopen.ts')).readBytes,
  reconnect: async () => (await import('./measures/reconnect.ts')).reconnect,
  'in-flight': async () => (await import('./measures/reconnect.ts')).inFlight,
  'slurm-array': async () => (await import('./measures/slurm.ts')).slurmArray,
  'slurm-sbatch': async () => (await import('./measures/slurm.ts')).slurmSbatch,
  'slurm-steps': async () => (await import('./measures/slurm.ts')).slurmSteps,
  'slurm-pilot': async () => (await import('./measures/slurm.ts')).slurmPilot,
  'empty-calls': async () => (await import('./measures/functions.ts')).emptyCalls,
  'single-calls': async () => (await import('./measures/functions.ts')).singleCalls,
  'busy-calls': async () => (await import('./measures/functions.ts')).busyCalls,
  'large-values': async () => (await import('./measures/functions.ts')).largeValues,
  'endless-inputs': async () => (await import('./measures/functions.ts')).endlessInputs,
  piscina: async () => (await import('./measures/piscina.ts')).piscina,
  'tls-copy': async () => (await import('./measures/tls-copy.ts')).tlsCopy,
  'copy-server': async () => (await import('./measures/tls-copy.ts')).copyServer,
  staging: async () => (await import('./measures/staging.ts')).staging,
  copying: async () => (await import('./measures/staging.ts')).copying,
  'tls-pipe': async () => (await import('./measures/staging.ts')).tlsPipe,
  'pipe-server': async () => (await import('./measures/staging.ts')).pipeServer,
  'ssh-start': async () => (await import('./measures/ssh.ts')).sshStart,
  'ssh-echo': async () => (await import('./measures/ssh.ts')).sshEcho,
  'ssh-staging': async () => (await import('./measures/ssh.ts')).sshStaging,
  'ssh-copying': async () => (await import('./measures/ssh.ts')).sshCopying,
  'echo-client': async () => (await import('./measures/echo.ts')).echoClient,
  'tls-echo': async () => (await import('./measures/tls-echo.ts')).tlsEcho,
  'echo-server': async () => (await import('./measures/tls-echo.ts')).echoServer,
  fdatasync: async () => (await import('./measures/fdatasync.ts')).fdatasyncs,
};

const [name = '', context = '{}'] = process.argv.slice(2);
const measure = await measures[name]?.();
if (measure === undefined) throw new Error(`there is no measurement '${name}'`);
process.stdout.write(`${JSON.stringify(await measure(JSON.parse(context) as Context))}\n`);

/** The batch script: what Slurm's users know a native job as. PURE. */
import { type AgentLaunch, agentScript, shellQuote } from '@pstar/core/adaptor';
import { sbatchLine } from './sbatch-options.ts';
import { INIT_COMMANDS } from './site.ts';
import type { SbatchOption } from './transport.ts';

/** What a script is made of. */
export interface ScriptParts {
  readonly options: readonly SbatchOption[];
  /** Those of an array share everything but their names, settings and directories. */
  readonly launches: readonly AgentLaunch[];
  /** The site's, which go before the description's. */
  readonly initCommands: readonly string[];
}

/** What a step keeps of Slurm's variables: what says where it is. The rest would instruct srun. */
const KEPT = [
  'SLURM_ARRAY_*',
  'SLURM_CLUSTER_NAME',
  'SLURM_CONF',
  'SLURM_JOBID',
  'SLURM_JOB_ACCOUNT',
  'SLURM_JOB_END_TIME',
  'SLURM_JOB_ID',
  'SLURM_JOB_NAME',
  'SLURM_JOB_PARTITION',
  'SLURM_JOB_QOS',
  'SLURM_JOB_START_TIME',
  'SLURM_JOB_USER',
  'SLURM_RESTART_COUNT',
  'SLURM_SUBMIT_*',
  'SLURM_WORKING_CLUSTER',
];

/** Stands in a command for the path of the settings; needs no quotes, and no path is so. */
const SETTINGS = '@settings@';

/**
 * Writes the script. Slurm runs it on the first node, and srun the function in it on each: the
 * script itself is a file of the first node's.
 *
 * The step takes nothing from others (`--overlap`, `--mem=0`), so that a unit may call srun in its
 * turn; it is not bound to cores (`--cpu-bind=none`), because units are to have all of them; and it
 * goes on when a node is lost (`--no-kill`) or an agent has ended (`--wait=0`).
 */
export function batchScript({ options, launches, initCommands }: ScriptParts): string {
  return `#!/bin/bash
${options.map(sbatchLine).join('\n')}

# The agent of one node.
pstar_agent() {
  unset -f pstar_agent
${nodeLines()}
${agentLines(launches, initCommands)}}

${arrayLines(launches)}export PSTAR_MEM_PER_NODE=$SLURM_MEM_PER_NODE PSTAR_MEM_PER_CPU=$SLURM_MEM_PER_CPU
export -f pstar_agent
exec srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 \\
  --overlap --mem=0 --cpu-bind=none --mpi=none --export=ALL \\
  --no-kill --kill-on-bad-exit=0 --wait=0 /bin/bash -c pstar_agent
`;
}

/** What the agent is told of its node; then, for units, a job of this one node. */
function nodeLines(): string {
  return `  export PSTAR_NODE_NAME=$SLURMD_NODENAME PSTAR_NODE_CORES=$SLURM_CPUS_ON_NODE
  export PSTAR_NODE_GPUS=\${SLURM_GPUS_ON_NODE:-0}
  local mebibytes=\${PSTAR_MEM_PER_NODE:-$((\${PSTAR_MEM_PER_CPU:-0} * PSTAR_NODE_CORES))}
  [ "$mebibytes" -eq 0 ] || export PSTAR_NODE_MEMORY=$((mebibytes * 1048576))
  unset PSTAR_MEM_PER_NODE PSTAR_MEM_PER_CPU
  # Units that call srun or mpirun see a job of one node, and no options of the step that they are in.
  local name
  for name in \${!SLURM_@} \${!SRUN_@} \${!PMI_@} \${!PMIX_@}; do
    case $name in
    ${KEPT.join(' | ')}) ;;
    *) unset "$name" ;;
    esac
  done
  export SLURM_JOB_NUM_NODES=1 SLURM_NNODES=1
  export SLURM_JOB_NODELIST=$SLURMD_NODENAME SLURM_NODELIST=$SLURMD_NODENAME
  export SLURM_CPUS_ON_NODE=$PSTAR_NODE_CORES
  export SLURM_JOB_CPUS_PER_NODE=$PSTAR_NODE_CORES SLURM_TASKS_PER_NODE=$PSTAR_NODE_CORES`;
}

function agentLines(launches: readonly AgentLaunch[], siteCommands: readonly string[]): string {
  const [first] = launches as [AgentLaunch];
  const site = { source: INIT_COMMANDS, commands: siteCommands };
  if (launches.length === 1) return agentScript(first, site);
  const { PSTAR_PILOT_ID: _, ...environment } = first.environment;
  const command = first.command.map((word) => (word === first.settingsFile ? SETTINGS : word));
  const script = agentScript({ ...first, environment, command }, site);
  return script.replaceAll(SETTINGS, '"$PSTAR_SETTINGS"');
}

/** Each element of an array finds what is its own by its index. */
function arrayLines(launches: readonly AgentLaunch[]): string {
  if (launches.length === 1) return '';
  const cases = launches.map(({ environment, settingsFile }, index) => {
    const pilot = shellQuote(environment['PSTAR_PILOT_ID'] ?? '');
    return `${index}) export PSTAR_PILOT_ID=${pilot} PSTAR_SETTINGS=${shellQuote(settingsFile)} ;;`;
  });
  return `case $SLURM_ARRAY_TASK_ID in\n${cases.join('\n')}\nesac\n`;
}

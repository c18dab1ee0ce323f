/**
 * Options of the resource managers but Grid Engine, as their DRMAA libraries document that they take
 * them: slurm-drmaa, pbs-drmaa, lsf-drmaa, HTCondor's. They start what is submitted on one node. PURE.
 */
import { type ParsedPilotJobDescription, shellQuote } from '@pstar/core/adaptor';
import { coresOfOneNode } from '../geometry.ts';
import { assignments, dashed, longOptions } from '../native-options.ts';
import { refuseGpus } from '../problems.ts';
import {
  type AttributeRule,
  type AttributeRules,
  type Dialect,
  given,
  LINE_BREAK,
  SHARED_RULES,
} from './dialect.ts';

/** What a resource manager has for the attributes in which they differ; the others are refused. */
interface Own {
  readonly cores?: readonly [becomes: string, words: (cores: number) => readonly string[]];
  readonly memory?: readonly [becomes: string, words: (bytes: number) => readonly string[]];
  readonly wallTime?: readonly [becomes: string, words: (seconds: number) => readonly string[]];
  readonly queue?: string;
  readonly project?: string;
  readonly gpus?: readonly [becomes: string, words: (gpus: number) => readonly string[]];
}

const BY_NATIVE = 'write `nativeOptions`';

function rules(title: string, own: Own): AttributeRules {
  const refused = (what: string, hint = BY_NATIVE): AttributeRule => ({
    becomes: `refused: ${what}; ${hint}`,
    refused: true,
  });
  const named = (option: string | undefined, attribute: 'queue' | 'project'): AttributeRule =>
    option === undefined
      ? refused('DRMAA 1 has no word for it')
      : {
          becomes: `\`${option.trimEnd()}\``,
          words: (description) =>
            given(description[attribute], (value) => optionWords(option, value)),
        };
  const one = (description: ParsedPilotJobDescription) => coresOfOneNode(description, title);
  return {
    name: { becomes: 'the job name, with the id of the pilot behind it' },
    totalCpuCount:
      own.cores === undefined
        ? refused('it gives one core', 'leave it out, or write `nativeOptions`')
        : {
            becomes: own.cores[0],
            words: (description) => {
              const cores = one(description);
              return cores === 1 ? [] : (own.cores?.[1](cores) ?? []);
            },
          },
    numberOfProcesses: { becomes: 'only `1`: what is submitted is started on one node' },
    processesPerHost: { becomes: 'only `1`: an agent serves all that the pilot has of a node' },
    threadsPerProcess: { becomes: 'as `totalCpuCount`: there is one agent' },
    totalPhysicalMemory:
      own.memory === undefined
        ? refused('DRMAA 1 has no word for it')
        : {
            becomes: own.memory[0],
            words: ({ totalPhysicalMemory }) => given(totalPhysicalMemory, own.memory?.[1] ?? none),
          },
    wallTimeLimit:
      own.wallTime === undefined
        ? { becomes: 'kept by the agent alone' }
        : {
            becomes: own.wallTime[0],
            words: ({ wallTimeLimit }) => given(wallTimeLimit, own.wallTime?.[1] ?? none),
          },
    totalCpuTime: refused('limits are by the clock', 'write `wallTimeLimit`'),
    startTime: { becomes: 'the template’s `startTime`' },
    queue: named(own.queue, 'queue'),
    project: named(own.project, 'project'),
    contact: { becomes: 'the template’s `email`' },
    candidateHosts: refused('DRMAA 1 has no word for it'),
    cpuArchitecture: refused('DRMAA 1 has no word for it'),
    operatingSystemType: refused('DRMAA 1 has no word for it'),
    workingDirectory: { becomes: 'the template’s `workingDirectory`' },
    output: { becomes: 'appended to by the script' },
    error: { becomes: 'appended to by the script; without it, errors go to `output`' },
    nativeOptions: { becomes: 'as they stand, in the native specification' },
    agent:
      own.gpus === undefined
        ? {
            becomes:
              'for the agent; `agent.gpus` is refused: write `nativeOptions`, and `initCommands` that set `PSTAR_NODE_GPUS`',
            words: ({ agent }) => refuseGpus(agent?.gpus, title),
          }
        : {
            becomes: `\`agent.gpus\`: ${own.gpus[0]}; all else is for the agent`,
            words: ({ agent }) => (agent?.gpus ? (own.gpus?.[1](agent.gpus) ?? []) : []),
          },
    spmdVariation: refused('there is one agent', 'leave it out'),
    ...SHARED_RULES,
  };
}

/** `-q ` is two words, `--partition=` one. */
function optionWords(option: string, value: string): readonly string[] {
  return option.endsWith(' ') ? [option.trimEnd(), value] : [`${option}${value}`];
}

const none = () => [];
const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);
const minutes = (seconds: number) => Math.ceil(seconds / 60);

function clockOf(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const all = 60 * minutes(seconds);
  return `${two(Math.floor(all / 3600))}:${two((all % 3600) / 60)}:00`;
}

const coresLine = (variables: string) =>
  `export PSTAR_NODE_NAME="$(hostname)" PSTAR_NODE_CORES="${variables}"\n`;

/** slurm-drmaa; `slurm://` knows more of Slurm. */
const slurm: Dialect = {
  name: 'slurm',
  title: 'Slurm, by DRMAA,',
  rules: rules('Slurm, by DRMAA,', {
    cores: [
      '`--nodes=1 --ntasks=1 --cpus-per-task`',
      (n) => ['--nodes=1', '--ntasks=1', `--cpus-per-task=${n}`],
    ],
    memory: ['`--mem`, in whole MiB', (bytes) => [`--mem=${mebibytes(bytes)}`]],
    wallTime: ['`--time`, in whole minutes', (seconds) => [`--time=${minutes(seconds)}`]],
    queue: '--partition=',
    project: '--account=',
    gpus: ['`--gres=gpu`', (n) => [`--gres=gpu:${n}`]],
  }),
  options: longOptions(
    { partition: 'queue', account: 'project', time: 'wallTimeLimit', mem: 'totalPhysicalMemory' },
    { A: 'account', p: 'partition', t: 'time' },
  ),
  directive: '#SBATCH ',
  unwritable: LINE_BREAK,
  quote: shellQuote,
  nodeLines: coresLine('$SLURM_CPUS_PER_TASK'),
  ownId: '$SLURM_JOB_ID',
};

const pbs: Dialect = {
  name: 'pbs',
  title: 'PBS',
  rules: rules('PBS', {
    cores: ['`-l nodes=1:ppn`', (n) => ['-l', `nodes=1:ppn=${n}`]],
    memory: ['`-l mem`', (bytes) => ['-l', `mem=${bytes}b`]],
    wallTime: [
      '`-l walltime`, in whole minutes',
      (seconds) => ['-l', `walltime=${clockOf(seconds)}`],
    ],
    queue: '-q ',
    project: '-A ',
  }),
  options: dashed({ q: 'queue', A: 'project', N: 'name', o: 'output', e: 'error', t: '', J: '' }),
  directive: '#PBS ',
  unwritable: LINE_BREAK,
  quote: shellQuote,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's.
  nodeLines: coresLine('${NCPUS:-$PBS_NP}'),
  ownId: '$PBS_JOBID',
};

const lsf: Dialect = {
  name: 'lsf',
  title: 'LSF',
  rules: rules('LSF', {
    cores: ['`-n` with `-R span[hosts=1]`', (n) => ['-n', String(n), '-R', 'span[hosts=1]']],
    wallTime: ['`-W`, in whole minutes', (seconds) => ['-W', String(minutes(seconds))]],
    queue: '-q ',
    project: '-P ',
  }),
  options: dashed({
    q: 'queue',
    P: 'project',
    J: 'name',
    o: 'output',
    e: 'error',
    W: 'wallTimeLimit',
  }),
  directive: '#BSUB ',
  unwritable: LINE_BREAK,
  quote: shellQuote,
  nodeLines: coresLine('$LSB_DJOB_NUMPROC'),
  ownId: '$LSB_JOBID',
};

const condor: Dialect = {
  name: 'condor',
  title: 'HTCondor',
  rules: rules('HTCondor', {
    cores: ['`request_cpus`', (n) => [`request_cpus=${n}`]],
    memory: ['`request_memory`, in whole MiB', (bytes) => [`request_memory=${mebibytes(bytes)}`]],
    project: 'accounting_group=',
    gpus: ['`request_gpus`', (n) => [`request_gpus=${n}`]],
  }),
  options: assignments({
    executable: '',
    arguments: '',
    queue: '',
    log: '',
    output: 'output',
    error: 'error',
  }),
  directive: '# ',
  unwritable: LINE_BREAK,
  // A line of the submission's file each.
  quote: (word) => `${word}\n`,
  nodeLines: coresLine('$OMP_NUM_THREADS'),
  ownId: '$CONDOR_ID',
};

const plain: Dialect = {
  name: 'plain',
  title: 'DRMAA 1',
  rules: rules('DRMAA 1', {}),
  options: dashed({}),
  directive: '# ',
  unwritable: LINE_BREAK,
  quote: shellQuote,
  nodeLines: coresLine(''),
  ownId: '$JOB_ID',
};

/** All but Grid Engine, by name. */
export const OTHER_DIALECTS = { slurm, pbs, lsf, condor, plain } as const;

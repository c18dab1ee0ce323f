/** Finds out which resource manager this machine submits to, by what its users would look at. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type CommandRunner, localCommandRunner } from './command-runner.ts';

/** A resource manager that is there, and the reason to think so. */
export interface DetectedResourceManager {
  /** Its URL: `slurm://`, `drmaa://` for Grid Engine, or `local://`. */
  readonly rm: string;
  /** How that is known, for people: `sbatch is /usr/bin/sbatch, and its controller answers`. */
  readonly how: string;
}

/** Where the search looks. */
export interface DetectionPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runner: CommandRunner;
  /** Where Slurm keeps its configuration unless SLURM_CONF names another place. */
  readonly slurmConfigurations: readonly string[];
}

/** The packagers' places, and where a node without a file of its own keeps what it was sent. */
const SLURM_CONFIGURATIONS = [
  '/etc/slurm/slurm.conf',
  '/etc/slurm-llnl/slurm.conf',
  '/usr/local/etc/slurm.conf',
  '/run/slurm/conf/slurm.conf',
];
/** Who asks waits for it. */
const ANSWER_MS = 5_000;

/**
 * Finds out what this machine has: Slurm, Grid Engine, or nothing but itself. Needs no adaptor of
 * it, and never rejects.
 */
export function detectResourceManager(): Promise<DetectedResourceManager> {
  return detectIn({
    environment: process.env,
    runner: localCommandRunner(),
    slurmConfigurations: SLURM_CONFIGURATIONS,
  });
}

/** The same, where the caller says. */
export async function detectIn(places: DetectionPlaces): Promise<DetectedResourceManager> {
  const slurm = await detectSlurm(places);
  if (slurm.found) return { rm: 'slurm://', how: slurm.how };
  const gridEngine = await detectGridEngine(places);
  if (gridEngine.found) return { rm: 'drmaa://', how: gridEngine.how };
  return { rm: 'local://', how: `${slurm.how}; ${gridEngine.how}` };
}

interface Finding {
  readonly found: boolean;
  readonly how: string;
}

/** Clients alone are no cluster: many a workstation has them installed. */
async function detectSlurm(places: DetectionPlaces): Promise<Finding> {
  const sbatch = await inPath('sbatch', places.environment);
  if (sbatch === undefined) return { found: false, how: 'there is no sbatch in PATH' };
  const { SLURM_CONF } = places.environment;
  const found = (what: string) => ({ found: true, how: `sbatch is ${sbatch}, and ${what}` });
  if (SLURM_CONF && (await isThere(SLURM_CONF))) return found(`SLURM_CONF names ${SLURM_CONF}`);
  for (const file of places.slurmConfigurations) {
    if (await isThere(file)) return found(`its configuration is ${file}`);
  }
  if ((await answer(places.runner, ['scontrol', 'ping'])) !== undefined)
    return found('its controller answers');
  const how = `sbatch is ${sbatch}, but has no configuration, and no controller answers`;
  return { found: false, how };
}

async function detectGridEngine({ environment, runner }: DetectionPlaces): Promise<Finding> {
  const { SGE_ROOT } = environment;
  if (SGE_ROOT && (await isThere(SGE_ROOT))) return { found: true, how: `SGE_ROOT is ${SGE_ROOT}` };
  const qsub = await inPath('qsub', environment);
  if (qsub === undefined) return { found: false, how: 'there is no qsub in PATH' };
  // PBS has a qsub as well: Grid Engine's says whose it is in its first line, `SGE 8.1.9`.
  const [name = ''] = ((await answer(runner, [qsub, '-help'])) ?? '').split('\n');
  const found = /\b([SU]?GE|Grid Engine)\b/.test(name);
  return { found, how: `qsub is ${qsub}, ${found ? name : "and not Grid Engine's"}` };
}

async function inPath(
  program: string,
  { PATH = '' }: DetectionPlaces['environment'],
): Promise<string | undefined> {
  for (const directory of PATH.split(delimiter).filter(Boolean)) {
    const file = join(directory, program);
    const isProgram = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) return file;
  }
  return undefined;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What a command says, if it succeeds. */
async function answer(runner: CommandRunner, command: string[]): Promise<string | undefined> {
  const result = await runner.run(command, { timeoutMs: ANSWER_MS }).catch(() => undefined);
  return result?.exitCode === 0 ? result.stdout : undefined;
}

/** What a site gives to every pilot, by the environment of the programs that create them. PURE. */
import { readSiteOptions } from './sbatch-options.ts';
import type { SbatchOption } from './transport.ts';

/** The variable that has a site's options. */
export const OPTIONS = 'PSTAR_SLURM_SBATCH_OPTIONS';
/** The variable that has a site's commands. */
export const INIT_COMMANDS = 'PSTAR_SLURM_INIT_COMMANDS';

/** Defaults of a site. */
export interface SiteDefaults {
  readonly options: readonly SbatchOption[];
  readonly initCommands: readonly string[];
}

/**
 * Reads `PSTAR_SLURM_SBATCH_OPTIONS`, options as on a command line, and `PSTAR_SLURM_INIT_COMMANDS`,
 * commands on a line each.
 *
 * @throws PilotError `DESCRIPTION_INVALID`
 */
export function siteDefaults(
  environment: Readonly<Record<string, string | undefined>>,
): SiteDefaults {
  return {
    options: readSiteOptions(environment[OPTIONS] ?? '', OPTIONS),
    initCommands: (environment[INIT_COMMANDS] ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  };
}

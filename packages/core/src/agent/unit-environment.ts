/** What a unit's process is told about itself and its slots, as environment variables. Pure. */
import type { UnitCommand } from '../protocol/messages.ts';

/** What the variables speak of. */
export interface UnitPlace {
  readonly unitId: string;
  readonly attempt: number;
  readonly pilotId: string;
  /** Ids of the cores that it holds. */
  readonly cores: readonly number[];
  /** Names of the gpus that it holds, as CUDA takes them. */
  readonly gpus: readonly string[];
}

/** The variables that an agent sets, but for those of other programs that the unit sets itself. */
export function unitVariables(
  { unitId, attempt, pilotId, cores, gpus }: UnitPlace,
  { environment = {}, threadsPerProcess, numberOfProcesses = 1 }: UnitCommand,
): Record<string, string> {
  const variables: Record<string, string> = {
    PSTAR_UNIT_ID: unitId,
    PSTAR_ATTEMPT: String(attempt),
    PSTAR_PILOT_ID: pilotId,
    PSTAR_CORES: cores.join(','),
    PSTAR_GPUS: gpus.join(','),
  };
  if (!('OMP_NUM_THREADS' in environment)) {
    const share = Math.max(1, Math.floor(cores.length / numberOfProcesses));
    variables['OMP_NUM_THREADS'] = String(threadsPerProcess ?? share);
  }
  if (gpus.length > 0 && !('CUDA_VISIBLE_DEVICES' in environment)) {
    variables['CUDA_VISIBLE_DEVICES'] = gpus.join(',');
  }
  return variables;
}

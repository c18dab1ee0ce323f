/** Makes of a unit that got its slots what an executor starts. Pure. */
import type { UnitRun } from '../executor/unit-run.ts';
import { unitId } from '../model/ids.ts';
import type { UnitCommand } from '../protocol/messages.ts';
import type { Run } from './service-work.ts';
import { unitVariables } from './unit-environment.ts';

/** What is the same for all units of an agent. */
export interface PreparationContext {
  readonly pilotId: string;
  /** Absolute. */
  readonly root: string;
  /** By the ids that slots are known by. */
  readonly gpuNames: readonly string[];
}

const MAX_CANCELLATION_TIME_S = 10;
/** A directory with a million entries is slow to list, to make and to remove. */
const UNITS_PER_DIRECTORY = 1000;

/** Where a unit runs that names no directory; each attempt finds it fresh. */
function sandboxPath(root: string, service: string, unit: number, attempt: number): string {
  const suffix = attempt > 1 ? `-${attempt}` : '';
  return `${root}/units/${service}/${Math.floor(unit / UNITS_PER_DIRECTORY)}/${unit}${suffix}`;
}

/** The unit's command: the template's, with what it has of its own laid over it. */
function commandOf({ template, own }: Run): UnitCommand {
  if (own === null) return template.command;
  const command: Record<string, unknown> = { ...template.command };
  for (const [name, value] of Object.entries(JSON.parse(own) as Partial<UnitCommand>)) {
    if (value === null) delete command[name];
    else command[name] = value;
  }
  return command as unknown as UnitCommand;
}

/** All that the executor needs of a unit. */
export function prepareUnit(run: Run, { pilotId, root, gpuNames }: PreparationContext): UnitRun {
  const { key, service, unit, attempt, allocation } = run;
  const command = commandOf(run);
  const { workingDirectory, input, output, error, wallTimeLimit } = command;
  const place = {
    unitId: unitId(service.id, unit),
    attempt,
    pilotId,
    cores: allocation.cores,
    gpus: allocation.gpus.map((gpu) => gpuNames[gpu] ?? String(gpu)),
  };
  return {
    key,
    executable: command.executable,
    arguments: command.arguments ?? [],
    environment: command.environment ?? {},
    variables: unitVariables(place, command),
    sandbox: sandboxPath(root, service.id, unit, attempt),
    ...(workingDirectory !== undefined && { workingDirectory }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    cleanup: command.cleanup ?? 'default',
    processes: command.numberOfProcesses ?? 1,
    ...(wallTimeLimit !== undefined && { wallTimeLimitMs: wallTimeLimit * 1000 }),
    graceMs: (command.maxCancellationTime ?? MAX_CANCELLATION_TIME_S) * 1000,
  };
}

/** Makes of a unit that got its slots what an executor starts. */
import type { UnitRun } from '../executor/unit-run.ts';
import { unitId } from '../model/ids.ts';
import type { StagedFile, UnitCommand } from '../protocol/messages.ts';
import { ATTRIBUTE_ITEMS } from '../protocol/transfer-messages.ts';
import type { Run, StagedUnit } from './service-work.ts';
import { commandOf } from './unit-command.ts';
import { unitVariables } from './unit-environment.ts';

/** What is the same for all units of an agent. */
export interface PreparationContext {
  readonly pilotId: string;
  /** Absolute. */
  readonly root: string;
  /** By the ids that slots are known by. */
  readonly gpuNames: readonly string[];
  /** Where there is none, nothing travels. */
  readonly files?: UnitFiles;
}

/** Whoever has the files of units that travel. */
export interface UnitFiles {
  /** Puts the inputs of a unit into its directory, and the one for its `input` where that is to be. */
  place(unit: StagedUnit, run: UnitRun, directory: string): void;
}

const MAX_CANCELLATION_TIME_S = 10;
/** A directory with a million entries is slow to list, to make and to remove. */
const UNITS_PER_DIRECTORY = 1000;

/** What stands beside the sandbox for a file that is not on this node. */
const STAND_INS: Readonly<Record<number, string>> = {
  [ATTRIBUTE_ITEMS.input]: 'stdin',
  [ATTRIBUTE_ITEMS.output]: 'stdout',
  [ATTRIBUTE_ITEMS.error]: 'stderr',
  [ATTRIBUTE_ITEMS.value]: 'value',
};

/**
 * Where `input`, `output` or `error` of an attempt is on its node when its name is one of the manager's
 * machine, and where a call's large arguments and value are: absolute, and of no other attempt's.
 *
 * @param item one of ATTRIBUTE_ITEMS, or another unit's value
 */
export function standInPath(
  root: string,
  { service, unit, attempt }: Pick<Run, 'service' | 'unit' | 'attempt'>,
  item: number,
): string {
  const suffix = STAND_INS[item] ?? `value${item}`;
  return `${sandboxPath(root, service.id, unit, attempt)}.${suffix}`;
}

/** Where a unit runs that names no directory; each attempt finds it fresh. */
function sandboxPath(root: string, service: string, unit: number, attempt: number): string {
  const suffix = attempt > 1 ? `-${attempt}` : '';
  return `${root}/units/${service}/${Math.floor(unit / UNITS_PER_DIRECTORY)}/${unit}${suffix}`;
}

/**
 * All that the executor needs of a unit. What its process is told is put together when it is asked
 * for: strings for every unit were a fifth of an agent's time where nothing is started.
 */
export class PreparedUnit implements UnitRun {
  readonly #run: Run;
  readonly #context: PreparationContext;
  readonly #command: UnitCommand;

  constructor(run: Run, context: PreparationContext) {
    this.#run = run;
    this.#context = context;
    this.#command = commandOf(run.template.command, run.own);
  }

  get key(): number {
    return this.#run.key;
  }

  /** All that it is told. */
  get command(): UnitCommand {
    return this.#command;
  }

  get executable(): string {
    return this.#command.executable;
  }

  get arguments(): readonly string[] {
    return this.#command.arguments ?? [];
  }

  get environment(): Readonly<Record<string, string>> {
    return this.#command.environment ?? {};
  }

  get variables(): Readonly<Record<string, string>> {
    const { service, unit, attempt, allocation } = this.#run;
    const { pilotId } = this.#context;
    const { cores } = allocation;
    const place = { unitId: unitId(service.id, unit), attempt, pilotId, cores, gpus: this.gpus };
    return unitVariables(place, this.#command);
  }

  /** By the names that CUDA takes. */
  get gpus(): string[] {
    const { gpuNames } = this.#context;
    return this.#run.allocation.gpus.map((gpu) => gpuNames[gpu] ?? String(gpu));
  }

  get sandbox(): string {
    const { service, unit, attempt } = this.#run;
    return sandboxPath(this.#context.root, service.id, unit, attempt);
  }

  get workingDirectory(): string | undefined {
    return this.#command.workingDirectory;
  }

  get input(): string | undefined {
    return this.#hereFor('input', this.#run.staged?.inputs);
  }

  get output(): string | undefined {
    return this.#hereFor('output', this.#run.staged?.outputs);
  }

  get error(): string | undefined {
    const { output, error } = this.#command;
    // Both streams in one file: it is one here, too.
    if (error !== undefined && error === output) return this.output;
    return this.#hereFor('error', this.#run.staged?.outputs);
  }

  get place(): ((directory: string) => void) | undefined {
    const { staged } = this.#run;
    return staged && ((directory) => this.#context.files?.place(staged, this, directory));
  }

  get isKept(): boolean {
    return this.#run.staged !== undefined && this.#run.staged.outputs.length > 0;
  }

  get cleanup(): boolean | 'default' {
    return this.#command.cleanup ?? 'default';
  }

  get processes(): number {
    return this.#command.numberOfProcesses ?? 1;
  }

  get wallTimeLimitMs(): number | undefined {
    const { wallTimeLimit } = this.#command;
    return wallTimeLimit === undefined ? undefined : wallTimeLimit * 1000;
  }

  get graceMs(): number {
    return (this.#command.maxCancellationTime ?? MAX_CANCELLATION_TIME_S) * 1000;
  }

  /** Where a file that the command names is on this node. */
  #hereFor(
    attribute: 'input' | 'output' | 'error',
    travelling: readonly StagedFile[] | undefined,
  ): string | undefined {
    const item = ATTRIBUTE_ITEMS[attribute];
    if (travelling?.some((file) => file.item === item) !== true) return this.#command[attribute];
    return standInPath(this.#context.root, this.#run, item);
  }
}

/** How a map is to be run, as users say it and as we keep it. */
import { refuseLarge } from '../../manager/description-size.ts';
import {
  type Duration,
  readAmount,
  readCount,
  readEnvironment,
  readFlag,
  readInteger,
  readLimit,
  readPilotId,
  readResources,
  readText,
  type Scalar,
} from '../../model/attribute-readers.ts';
import { readIsolation } from '../../model/call-attributes.ts';
import type { CallCommand, IsolationKind } from '../../model/call-command.ts';
import { DescriptionError } from '../../model/errors.ts';
import { parseSize } from '../../model/quantity.ts';
import type { ParsedWorkUnitDescription } from '../../model/work-unit-description.ts';
import { written } from '../../model/written.ts';
import { type OptionReaders, readOptions } from '../base/call-options.ts';
import { oneOf, readSignal } from '../base/option-readers.ts';

/** How a map is run. Amounts are those of one call. */
export interface MapOptions {
  /** How many calls travel together. Default: `auto`, as many as take some 20 to 50 ms. */
  readonly batch?: 'auto' | number | undefined;
  /** How often a call that failed is tried again. Default: 0. */
  readonly retries?: number | undefined;
  /**
   * `stop`: the first call that fails for good ends the map, and is thrown. `collect`: a TaskError stands
   * in its place among the results. Default: `stop`.
   */
  readonly onError?: 'stop' | 'collect' | undefined;
  /** Cores that a call holds. Default: 1. */
  readonly cores?: number | undefined;
  /** Gpus that a call holds. Default: 0. */
  readonly gpus?: number | undefined;
  /** Memory that a call holds, bytes or `'4GiB'`; counted, not enforced. Default: 0. */
  readonly memory?: number | string | undefined;
  /** What else of its pilots a call holds, by name. Default: nothing. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** Higher goes first, where there is a choice. Default: 0. */
  readonly priority?: number | undefined;
  /** Gives the map up with `ABORTED`: its calls are canceled. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The results are durable, and a map of this name in a service that is opened again, given the same
   * inputs, computes only what is missing. Calls go on meanwhile, until `forgetMap()`. Default: none;
   * results are gone with the program.
   */
  readonly name?: string | undefined;
  /** How workers are kept apart: see the attribute of the same name of work units. Default: `process`. */
  readonly isolation?: IsolationKind | undefined;
  /** How long a call may take, in seconds or as `'1h30m'`; then it is ended, and failed. Default: no limit. */
  readonly timeLimit?: Duration | undefined;
  /**
   * How long a worker may take to load the module, and `init` of that, before its first call; then calls
   * fail with `init`. Default: 30 minutes.
   */
  readonly initTimeLimit?: Duration | undefined;
  /** Calls after which a worker is replaced. Default: none. */
  readonly recycleAfter?: number | undefined;
  /** Memory above which a worker is ended, bytes or `'4GiB'`. Default: what the engine allows. */
  readonly memoryLimit?: number | string | undefined;
  /** At most so many inputs are read ahead of the oldest result that was not taken. Default: 100,000. */
  readonly window?: number | undefined;
  /** Variables of the workers, over those of the pilot. Default: none. */
  readonly environment?: Readonly<Record<string, Scalar>> | undefined;
  /** The pilot that calls must run on, by id or itself; when it is over, so is the map. Default: any with room. */
  readonly pilotJob?: string | { readonly id: string } | undefined;
  /**
   * With a name: go on where another version of the function has left off; what had failed is tried
   * again. Default: false.
   */
  readonly anyCode?: boolean | undefined;
}

/** How a reduce is run, beyond its map. */
export interface ReduceOptions<O> {
  /** What an empty map comes to, and nothing else: it is not folded in. */
  readonly initial?: O;
}

const WINDOW = 100_000;
const MAX_CANCELLATION_TIME_S = 10;

const READERS = {
  batch: readBatch,
  retries: readAmount,
  onError: oneOf('stop', 'collect'),
  cores: readCount,
  gpus: readAmount,
  memory: parseSize,
  resources: readResources,
  priority: readInteger,
  signal: readSignal,
  name: readText,
  isolation: readIsolation,
  timeLimit: readLimit,
  initTimeLimit: readLimit,
  recycleAfter: readCount,
  memoryLimit: parseSize,
  window: readCount,
  environment: readEnvironment,
  pilotJob: readPilotId,
  anyCode: readFlag,
} as const satisfies OptionReaders<MapOptions>;

/** A map as we keep it. */
export interface MapPlan {
  readonly batch: 'auto' | number;
  readonly retries: number;
  readonly onError: 'stop' | 'collect';
  readonly window: number;
  readonly name: string | undefined;
  readonly anyCode: boolean;
  readonly signal: AbortSignal | undefined;
  /** What its units are described by, but for the module. */
  readonly unit: Omit<ParsedWorkUnitDescription, 'call'>;
  readonly call: Omit<CallCommand, 'module' | 'export'>;
}

/** @throws DescriptionError that names the option, and its value. */
export function readMapOptions(options: MapOptions): MapPlan {
  const read = readOptions(options, READERS);
  const { name, memory, gpus, resources, environment, pilotJob } = read;
  const { recycleAfter, memoryLimit, timeLimit, initTimeLimit } = read;
  const plan: MapPlan = {
    batch: read.batch ?? 'auto',
    retries: read.retries ?? 0,
    onError: read.onError ?? 'stop',
    window: read.window ?? WINDOW,
    name,
    anyCode: read.anyCode ?? false,
    signal: read.signal,
    unit: {
      executable: '',
      totalCpuCount: read.cores ?? 1,
      priority: read.priority ?? 0,
      maxCancellationTime: MAX_CANCELLATION_TIME_S,
      ...(gpus !== undefined && { gpus }),
      ...(memory !== undefined && { totalPhysicalMemory: memory }),
      ...(resources !== undefined && { resources }),
      ...(environment !== undefined && { environment }),
      ...(pilotJob !== undefined && { pilotJob }),
    },
    call: {
      isMap: true,
      isolation: read.isolation ?? 'process',
      ...(recycleAfter !== undefined && { recycleAfter }),
      ...(memoryLimit !== undefined && { memoryLimit }),
      ...(timeLimit !== undefined && { timeLimit }),
      ...(initTimeLimit !== undefined && { initTimeLimit }),
      ...(name !== undefined && { map: name }),
    },
  };
  refuseLarge(JSON.stringify(plan.unit));
  return plan;
}

function readBatch(value: 'auto' | number): 'auto' | number {
  if (value === 'auto' || (Number.isSafeInteger(value) && value >= 1)) return value;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no count`, {
    hint: "write a whole number from 1 up, or 'auto'",
  });
}

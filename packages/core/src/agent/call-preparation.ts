/** Makes of a unit that got its slots, and calls functions, what workers are run with. */
import { type CallCommand, INIT_TIME_LIMIT_S } from '../model/call-command.ts';
import type { CallRun } from '../workers/call-run.ts';
import type { Run } from './service-work.ts';
import type { PreparedUnit } from './unit-preparation.ts';

/** Where the modules of a call are on this node. */
export interface ModuleFiles {
  readonly module: string;
  readonly combine: string | undefined;
}

/** All that the workers need of a unit. */
export function callRunOf(
  { key, allocation }: Run,
  unit: PreparedUnit,
  call: CallCommand,
  { module, combine }: ModuleFiles,
): CallRun {
  const { timeLimit, initTimeLimit = INIT_TIME_LIMIT_S } = call;
  const { environment, variables, gpus, sandbox, graceMs, wallTimeLimitMs } = unit;
  return {
    key,
    module,
    export: call.export,
    combine:
      call.combine && combine !== undefined
        ? { module: combine, export: call.combine.export }
        : undefined,
    isolation: call.isolation,
    environment,
    variables,
    cores: allocation.cores,
    gpus,
    scratch: `${sandbox}.scratch`,
    timeLimitMs: timeLimit === undefined ? wallTimeLimitMs : timeLimit * 1000,
    initTimeLimitMs: initTimeLimit * 1000,
    recycleAfter: call.recycleAfter,
    memoryLimit: call.memoryLimit,
    graceMs,
    isMap: call.isMap,
  };
}

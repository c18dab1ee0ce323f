/** The maps of a work unit service: begun here, each with units of its own. */
import { join } from 'node:path';
import { BehaviorSubject, distinctUntilChanged } from 'rxjs';
import { requireTask } from '../../functions/task.ts';
import type { TaskFunction } from '../../functions/task-types.ts';
import type { MapRules } from '../../maps/map-events.ts';
import { readText } from '../../model/attribute-readers.ts';
import type { CallCommand } from '../../model/call-command.ts';
import { PilotError } from '../../model/errors.ts';
import type { ParsedWorkUnitDescription } from '../../model/work-unit-description.ts';
import { aborted, throwIfAborted } from '../../runtime/abort.ts';
import { onAbort } from '../../runtime/on-abort.ts';
import { decodeValue } from '../../runtime/values.ts';
import { readAs } from '../base/call-options.ts';
import type { Patience } from '../units/patience.ts';
import type { Inputs } from './map-inputs.ts';
import { type MapOptions, type MapPlan, readMapOptions } from './map-options.ts';
import { MapRun, type MapRunParts } from './map-run.ts';
import type { NamedMap } from './named-map.ts';
import { NamedMaps } from './named-maps.ts';
import {
  type ConsumedRun,
  type Consumption,
  type MapProgressReport,
  ResultStream,
} from './result-stream.ts';
import { type UnitSource, UnitSupply } from './unit-supply.ts';

/** Of inputs and results that are under way or wait to be taken, of one map. */
const WINDOW_BYTES = 256 * 1024 * 1024;

/** What maps need of their service. */
export interface MapSource extends Omit<UnitSource, 'spare'> {
  readonly patience: Patience;
}

/** Begins maps. */
export class Maps {
  readonly #source: MapSource;
  readonly #named: NamedMaps;
  readonly #spare = new Map<string, number[]>();

  constructor(source: MapSource) {
    this.#source = source;
    const { directory, clock, log } = source.core;
    this.#named = new NamedMaps(join(directory, 'maps'), clock, log);
  }

  /** See `WorkUnitService.forgetMap`. */
  async forget(name: string): Promise<void> {
    const { core } = this.#source;
    await this.#named.forget(readAs('name', readText, name));
    this.#cancelUnitsOf(({ map }) => map === name, 'its map was forgotten');
    await core.conductor.settled();
  }

  /** Closes what makes results durable. */
  close(): Promise<void> {
    return this.#named.close();
  }

  /** See `WorkUnitService.map`. */
  map(task: unknown, inputs: Inputs<unknown>, options: MapOptions): ResultStream<unknown> {
    const { core } = this.#source;
    const called = requireTask(task);
    const plan = readMapOptions(options);
    const progress = new BehaviorSubject<MapProgressReport>({
      done: 0,
      failed: 0,
      total: undefined,
    });
    return new ResultStream({
      progress$: core.guard(progress.pipe(distinctUntilChanged(saysTheSame))),
      begin: (how) =>
        this.#begin(called, inputs, plan, how, progress).catch((error) => {
          progress.complete();
          throw error;
        }),
      guard: (stream) => core.guard(stream),
    });
  }

  /** Of an earlier life: units of maps that nobody can ask for the results of. */
  cancelAbandoned(): void {
    this.#cancelUnitsOf(({ map }) => map === undefined, 'its map is over');
  }

  #cancelUnitsOf(isOne: (call: CallCommand) => boolean, why: string): void {
    const { core } = this.#source;
    const { templates, units } = core.manager.state;
    const meant = new Set<number>();
    for (let id = 0; id < templates.size; id++) {
      const { call } = templates.at(id).description;
      if (call?.isMap && isOne(call)) meant.add(id);
    }
    if (meant.size === 0) return;
    const found: number[] = [];
    for (let unit = 0; unit < units.size; unit++) {
      if (core.visible.isFinal(unit)) continue;
      if (meant.has(core.manager.state.template(unit).id)) found.push(unit);
    }
    if (found.length === 0) return;
    core.dispatch({ type: 'cancel', now: core.clock.now(), units: found, why });
  }

  async #begin(
    task: TaskFunction<unknown, unknown>,
    inputs: Inputs<unknown>,
    plan: MapPlan,
    { isOrdered, combine }: Consumption,
    progress: BehaviorSubject<MapProgressReport>,
  ): Promise<ConsumedRun> {
    const { core, patience } = this.#source;
    throwIfAborted(plan.signal, 'map');
    const { modules, maps: desk, clock } = core;
    const folds = combine && requireTask(combine);
    const [module, folding] = await Promise.all([
      modules.bundleOf(task),
      folds && modules.bundleOf(folds),
    ]);
    const { batch, retries, onError, window } = plan;
    const rules: MapRules = {
      ...{ batch, retries, onError, window, isOrdered },
      windowBytes: WINDOW_BYTES,
      isReduce: combine !== undefined,
    };
    const description: ParsedWorkUnitDescription = {
      ...plan.unit,
      name: `map ${task.exportName}`,
      call: {
        ...plan.call,
        module: module.hash,
        export: task.exportName,
        ...(combine &&
          folding && { combine: { module: folding.hash, export: combine.exportName } }),
      },
    };
    const named = await this.#open(task.exportName, module.hash, plan, rules);
    const units = new UnitSupply({ ...this.#source, spare: this.#spare }, description);
    const run = await this.#runOf({
      ...{ task: task.exportName, rules, inputs, desk, clock, named, units },
      progressed: ({ done, failed, read, isRead }) =>
        progress.next({ done, failed, total: isRead ? read : undefined }),
    });
    const abort = (): void => run.end(aborted(plan.signal as AbortSignal, 'map'));
    // It may have been while the module was bundled, or the results of before were read.
    if (plan.signal?.aborted) abort();
    else run.start();
    const off = plan.signal && onAbort(plan.signal, abort);
    return {
      next: () => patience.with(run.results.next()),
      taken: (stretch) => run.taken(stretch),
      leave: async () => {
        off?.();
        await run.leave();
        progress.complete();
      },
      get folded() {
        const [value] = run.folded === undefined ? [] : [decodeValue(run.folded) as [unknown]];
        return value && { value: value[0] };
      },
    };
  }

  async #runOf(parts: MapRunParts): Promise<MapRun> {
    try {
      return new MapRun(parts);
    } catch (error) {
      // Of that name there may be another, with better inputs.
      await parts.named?.close();
      throw error;
    }
  }

  /** What makes the results of a map durable, where it has a name. */
  async #open(
    task: string,
    code: string,
    { name, anyCode }: MapPlan,
    { onError, isReduce }: MapRules,
  ): Promise<NamedMap | undefined> {
    if (name === undefined) return undefined;
    if (isReduce) {
      throw new PilotError('OPERATION_UNSUPPORTED', 'what is folded is not kept', {
        subject: `map ${name}`,
        hint: 'leave out name, or gather the results by all()',
      });
    }
    const keepsFailures = onError === 'collect';
    return this.#named.open({ name, export: task, code, anyCode, keepsFailures });
  }
}

function saysTheSame(one: MapProgressReport, other: MapProgressReport): boolean {
  return one.done === other.done && one.failed === other.failed && one.total === other.total;
}

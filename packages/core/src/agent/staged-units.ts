/**
 * The units of an agent whose files travel, from when it takes them in until their outputs are home.
 * All others, which are most, are not in here, and cost nothing for it.
 */
import { FAILURE_REASONS } from '../model/exit.ts';
import type { StagedFile } from '../protocol/messages.ts';
import { ATTRIBUTE_ITEMS } from '../protocol/transfer-messages.ts';
import {
  handBack,
  NOT_STARTED,
  type Run,
  type RunOutcome,
  reportOver,
  type ServiceWork,
  type StagedUnit,
  type Template,
  type UnitRows,
} from './service-work.ts';
import { type FailedTry, StagingRests } from './staging-rests.ts';
import { commandOf, concernsFiles, travellingFiles } from './unit-command.ts';
import type { StagingProblem, UnitEffect } from './unit-effects.ts';
import type { UnitQueue } from './unit-queue.ts';

const STAGING_FAILED = FAILURE_REASONS.indexOf('STAGING_FAILED');
const STAGING_INTERRUPTED = FAILURE_REASONS.indexOf('STAGING_INTERRUPTED');
/** What a call has returned, where that is large. */
const VALUE: StagedFile = { item: ATTRIBUTE_ITEMS.value, name: 'value' };

/** By key, and within each service by unit: there is never more than one attempt of a unit. */
export class StagedUnits {
  readonly #byKey = new Map<number, StagedUnit>();
  readonly #rests = new StagingRests<StagedUnit>();
  readonly #sharesFiles: boolean;
  readonly #queue: UnitQueue<ServiceWork, Template>;
  readonly #emit: (effect: UnitEffect) => void;
  /** Below 0, so that no run without files has the same. */
  #nextKey = -1;
  #collects = true;

  constructor(
    sharesFiles: boolean,
    queue: UnitQueue<ServiceWork, Template>,
    emit: (effect: UnitEffect) => void,
  ) {
    this.#sharesFiles = sharesFiles;
    this.#queue = queue;
    this.#emit = emit;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** How many have no process any more, and outputs on their way. */
  get leaving(): number {
    let count = 0;
    for (const { phase } of this.#byKey.values()) if (phase === 'leaving') count++;
    return count;
  }

  of(key: number): StagedUnit | undefined {
    return this.#byKey.get(key);
  }

  /** Whether some of these units have files that travel, or may have. */
  concern({ files }: Template, { own }: UnitRows): boolean {
    if (files !== undefined) return true;
    return own?.some((each) => concernsFiles(each, this.#sharesFiles)) === true;
  }

  /** Takes in what {@link concern} was said of: those without files wait for slots at once. */
  accept(service: ServiceWork, priority: number, template: Template, rows: UnitRows): void {
    for (let row = 0; row < rows.units.length; row++) {
      const own = rows.own?.[row] ?? null;
      const files = concernsFiles(own, this.#sharesFiles)
        ? travellingFiles(commandOf(template.message.command, own), this.#sharesFiles)
        : template.files;
      const unit = rows.units[row] as number;
      const attempt = rows.attempts[row] as number;
      const what = { service, unit, attempt, priority, template, own };
      if (files === undefined) this.#push(what);
      // Two attempts of a unit never run at once, whatever the manager believes.
      else if (service.staged.has(unit)) service.box.returned(unit, attempt, false, 'asked');
      else this.#add({ ...what, ...files });
    }
  }

  /** The inputs of a unit are here: from now on it waits for slots. */
  arrived(key: number): void {
    const staged = this.#byKey.get(key);
    if (staged?.phase !== 'staging') return;
    this.#rests.arrived(staged);
    staged.phase = 'queued';
    this.#push(staged);
  }

  /** The inputs of a unit will not come, or not now where that is for the node's sake. */
  failed(key: number, problem: StagingProblem, at: number): void {
    const staged = this.#byKey.get(key);
    if (staged?.phase !== 'staging') return;
    if (problem.isOfMachine) this.#rests.failed(staged, { problem, at });
    else this.#fail(staged, { problem, at });
  }

  /** Time has passed for those that wait for their node. */
  tick(now: number): void {
    if (this.#byKey.size === 0) return;
    const { again, hopeless } = this.#rests.tick(now);
    for (const [staged, { problem, at }] of hopeless) {
      this.#fail(staged, { problem: { ...problem, transient: true }, at });
    }
    for (const run of again) this.#emit({ type: 'stage', run });
  }

  #fail(staged: StagedUnit, { problem, at }: FailedTry): void {
    this.#remove(staged);
    const { service, unit, attempt } = staged;
    const outcome = { ...NOT_STARTED, ...reasonOf(problem), startedAt: at, finishedAt: at };
    service.box.ended({ unit, attempt, startedAt: at }, outcome, false);
  }

  /** Its processes are gone, and its slots free; or it is a call whose value is the first file of it to travel. */
  leave(run: Run, outcome: RunOutcome): void {
    const { stop } = run;
    const staged = run.staged ?? this.#appear(run);
    if (staged === undefined) {
      reportOver(run, outcome);
      return;
    }
    if (outcome.leavesValue) staged.outputs = [...staged.outputs, VALUE];
    const hasOutputs = staged.outputs.length > 0 && run.startedAt > 0;
    const isWanted = hasOutputs && stop !== 'cancel' && !(stop === 'evict' && outcome.terminated);
    if (isWanted && this.#collects) {
      staged.phase = 'leaving';
      staged.end = { run, outcome };
      this.#emit({ type: 'collect', key: run.key, outcome });
      return;
    }
    this.#drop(staged);
    if (isWanted) handBack(run);
    // Without its outputs it must not be Done, even where its end was its own.
    else if (hasOutputs && stop === 'cancel') reportOver(run, { ...outcome, terminated: true });
    else reportOver(run, outcome);
  }

  /** The outputs of a unit are where they belong, or there is a problem with them. */
  collected(key: number, problem?: StagingProblem): void {
    const staged = this.#byKey.get(key);
    if (staged?.end === undefined) return;
    this.#remove(staged);
    const { run, outcome } = staged.end;
    // What was wrong with the unit itself is worse than that it left no files.
    const isItsEnd = problem !== undefined && outcome.reason === 0;
    reportOver(run, isItsEnd ? { ...outcome, ...reasonOf(problem) } : outcome);
  }

  /** Hands back those whose inputs are on their way. */
  evict(): void {
    for (const staged of this.#in('staging')) {
      this.#drop(staged);
      staged.service.box.returned(staged.unit, staged.attempt, false, 'evicted');
    }
  }

  /** No outputs are fetched any more: units whose outputs are on their way are handed back. */
  stopCollecting(): void {
    if (!this.#collects) return;
    this.#collects = false;
    for (const staged of this.#in('leaving')) {
      this.#drop(staged);
      if (staged.end !== undefined) handBack(staged.end.run);
    }
  }

  /**
   * The manager wants it back. What waits for slots or runs is not taken back here.
   *
   * @returns whether it is one that this has answered, or need not
   */
  takeBack(staged: StagedUnit | undefined, evenRunning: boolean): boolean {
    if (staged?.phase === 'staging') {
      this.#drop(staged);
      staged.service.box.returned(staged.unit, staged.attempt, false, 'asked');
      return true;
    }
    if (staged?.end === undefined) return false;
    if (evenRunning) {
      const { run, outcome } = staged.end;
      this.#drop(staged);
      run.stop = 'cancel';
      reportOver(run, { ...outcome, terminated: true });
    }
    return true;
  }

  /** One that has waited for slots will not get any. */
  dropWaiting(service: ServiceWork, unit: number, attempt: number): void {
    const staged = stagedOf(service, unit, attempt);
    if (staged !== undefined) this.#drop(staged);
  }

  /** Under the key that it has run with. */
  #appear({ key, service, unit, attempt, template: { id }, own }: Run): StagedUnit | undefined {
    const template = service.templates.get(id);
    if (template === undefined) return undefined;
    const files = { inputs: [], outputs: [] };
    const what = { key, service, unit, attempt, priority: 0, template, own, ...files };
    const staged: StagedUnit = { ...what, phase: 'running', end: undefined };
    this.#byKey.set(key, staged);
    service.staged.set(unit, staged);
    return staged;
  }

  #in(phase: StagedUnit['phase']): StagedUnit[] {
    return [...this.#byKey.values()].filter((staged) => staged.phase === phase);
  }

  #add(what: Omit<StagedUnit, 'key' | 'phase' | 'end'>): void {
    const phase = what.inputs.length > 0 ? 'staging' : 'queued';
    const staged: StagedUnit = { key: this.#nextKey--, ...what, phase, end: undefined };
    this.#byKey.set(staged.key, staged);
    staged.service.staged.set(staged.unit, staged);
    if (phase === 'queued') this.#push(staged);
    else if (this.#rests.isOn) this.#rests.add(staged);
    else this.#emit({ type: 'stage', run: staged });
  }

  #push({
    service,
    priority,
    template,
    unit,
    attempt,
    own,
  }: Pick<StagedUnit, 'service' | 'priority' | 'template' | 'unit' | 'attempt' | 'own'>): void {
    const columns = { units: Uint32Array.of(unit), attempts: Uint16Array.of(attempt) };
    this.#queue.push(service, priority, template, columns, own === null ? undefined : [own]);
  }

  #drop(staged: StagedUnit): void {
    this.#remove(staged);
    this.#emit({ type: 'unstage', key: staged.key });
  }

  #remove(staged: StagedUnit): void {
    const { key, service, unit } = staged;
    this.#rests.remove(staged);
    this.#byKey.delete(key);
    service.staged.delete(unit);
  }
}

/** The attempt of a unit here whose files travel, if it is that one. */
export function stagedOf(
  { staged }: ServiceWork,
  unit: number,
  attempt: number,
): StagedUnit | undefined {
  if (staged.size === 0) return undefined;
  const found = staged.get(unit);
  return found?.attempt === attempt ? found : undefined;
}

function reasonOf({ problem, transient }: StagingProblem): { reason: number; problem: string } {
  return { reason: transient ? STAGING_INTERRUPTED : STAGING_FAILED, problem };
}

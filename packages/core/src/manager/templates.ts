/**
 * Descriptions that many units share: checked once, kept once, sent to an agent once.
 */
import type { DescriptionError } from '../model/errors.ts';
import { FAILURE_REASONS, isRetryable } from '../model/exit.ts';
import { DURATION_MAX_S } from '../model/quantity.ts';
import { requestKey } from '../model/resources.ts';
import { type ParsedWorkUnitDescription, requestOf } from '../model/work-unit-description.ts';
import type { UnitCommand, UnitTemplateMessage } from '../protocol/messages.ts';
import { ClassQueue, type ClassSpec, type Constraints } from './class-queue.ts';
import type { Group } from './dependencies.ts';
import { largenessOf } from './description-size.ts';
import { stagedFiles } from './staged-files.ts';
import type { UnitTable } from './unit-table.ts';

/** Retries of a template's units. */
export interface RetryRule {
  readonly limit: number;
  readonly delayMs: number;
  readonly exponential: boolean;
}

export interface Template {
  readonly id: number;
  readonly description: ParsedWorkUnitDescription;
  readonly requests: ClassQueue;
  readonly message: UnitTemplateMessage;
  readonly retry: RetryRule;
  readonly group: Group | undefined;
  /** Milliseconds since the epoch before which no unit starts. */
  readonly startTime: number | undefined;
  readonly restartOnPilotLoss: boolean | undefined;
  /** Its units call a function once each, and have values. */
  readonly isSingleCall: boolean;
  /** Why no agent can be told of its units. Submits refuse that; an older version has taken it. */
  readonly largeness: DescriptionError | undefined;
}

/** The description's part that an agent needs, by name. */
const COMMAND_KEYS = [
  'executable',
  'call',
  'arguments',
  'environment',
  'workingDirectory',
  'input',
  'output',
  'error',
  'cleanup',
  'numberOfProcesses',
  'threadsPerProcess',
  'wallTimeLimit',
  'maxCancellationTime',
] as const satisfies readonly (keyof UnitCommand)[];

export class Templates {
  readonly classes: ClassQueue[] = [];
  /** At least those that have waiting units. */
  #listed: ClassQueue[] = [];
  readonly #templates: Template[] = [];
  readonly #classByKey = new Map<string, ClassQueue>();
  readonly #table: UnitTable;
  readonly #groupOf: (name: string) => Group;
  #hasLarge = false;
  #hasPriorities = false;

  constructor(table: UnitTable, groupOf: (name: string) => Group) {
    this.#table = table;
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#templates.length;
  }

  /** Those with units that wait, in an array of the caller's own. Costs a look at each that lately had some. */
  waiting(): ClassQueue[] {
    const waiting = this.#listed.filter((requests) => {
      requests.isListed = requests.pending > 0;
      return requests.isListed;
    });
    this.#listed = waiting;
    return [...waiting];
  }

  /** Whether any unit waits. */
  get areWaiting(): boolean {
    return this.#listed.some(({ pending }) => pending > 0);
  }

  /** Whether there are any that no agent can be told of. */
  get hasLarge(): boolean {
    return this.#hasLarge;
  }

  /** Whether there are several priorities. */
  get hasPriorities(): boolean {
    return this.#hasPriorities;
  }

  at(id: number): Template {
    return this.#templates[id] as Template;
  }

  /** Adds a description that has been checked. */
  add(description: ParsedWorkUnitDescription): Template {
    const id = this.#templates.length;
    const request = requestOf(description);
    const template: Template = {
      id,
      description,
      requests: this.#classOf(classSpec(description)),
      message: { id, request, command: commandOf(description) },
      retry: retryRule(description),
      group: description.group === undefined ? undefined : this.#groupOf(description.group),
      startTime: description.startTime,
      restartOnPilotLoss: description.restartOnPilotLoss,
      isSingleCall: description.call?.isMap === false,
      largeness: largenessOf(JSON.stringify(description)),
    };
    this.#hasLarge ||= template.largeness !== undefined;
    this.#templates.push(template);
    return template;
  }

  #classOf(spec: ClassSpec): ClassQueue {
    const { request, priority, constraints, expectedMs, hasFiles, isMap } = spec;
    const rest = [priority, constraints, expectedMs, hasFiles, isMap];
    const key = JSON.stringify([requestKey(request), ...rest]);
    let found = this.#classByKey.get(key);
    if (found === undefined) {
      found = new ClassQueue(this.classes.length, spec, this.#table, (queue) => this.#list(queue));
      this.classes.push(found);
      this.#hasPriorities ||= priority !== this.classes[0]?.priority;
      this.#classByKey.set(key, found);
    }
    return found;
  }

  #list(queue: ClassQueue): void {
    queue.isListed = true;
    this.#listed.push(queue);
  }
}

/** Milliseconds to wait before the next attempt; undefined when there is to be none. */
export function retryDelay(rule: RetryRule, retried: number, reason: number): number | undefined {
  if (retried >= rule.limit) return undefined;
  if (!isRetryable(FAILURE_REASONS[reason] ?? 'NONE')) return undefined;
  const delayMs = rule.exponential ? rule.delayMs * 2 ** Math.min(retried, 20) : rule.delayMs;
  return Math.min(delayMs, DURATION_MAX_S * 1000);
}

function classSpec(description: ParsedWorkUnitDescription): ClassSpec {
  const { pilotJob, candidateHosts, cpuArchitecture, operatingSystemType } = description;
  const constraints: Constraints = {
    ...(pilotJob !== undefined && { pilotJob }),
    ...(candidateHosts !== undefined && { candidateHosts }),
    ...(cpuArchitecture !== undefined && { cpuArchitecture }),
    ...(operatingSystemType !== undefined && { operatingSystemType }),
  };
  const expected = expectedSeconds(description);
  const hasFiles = description.fileTransfer !== undefined;
  return {
    request: requestOf(description),
    priority: description.priority ?? 0,
    constraints,
    ...(expected !== undefined && { expectedMs: expected * 1000 }),
    ...(hasFiles && { hasFiles }),
    ...(description.call?.isMap && { isMap: true }),
  };
}

/** What the description says of the run time: an estimate, a sum of processor time, or the limit. */
function expectedSeconds(description: ParsedWorkUnitDescription): number | undefined {
  const { estimatedRunTime, totalCpuTime, wallTimeLimit } = description;
  if (estimatedRunTime !== undefined) return estimatedRunTime;
  if (totalCpuTime !== undefined) return totalCpuTime / requestOf(description).cores;
  return wallTimeLimit;
}

function retryRule({ retries }: ParsedWorkUnitDescription): RetryRule {
  if (retries === undefined) return { limit: 0, delayMs: 0, exponential: false };
  if (typeof retries === 'number') return { limit: retries, delayMs: 0, exponential: false };
  const { limit, delay = 0, backoff } = retries;
  return { limit, delayMs: delay * 1000, exponential: backoff === 'exponential' };
}

function commandOf(description: ParsedWorkUnitDescription): UnitCommand {
  const { fileTransfer } = description;
  const command = COMMAND_KEYS.flatMap((key) =>
    description[key] === undefined ? [] : [[key, description[key]]],
  );
  return {
    ...(Object.fromEntries(command) as unknown as UnitCommand),
    ...stagedFiles(fileTransfer),
  };
}

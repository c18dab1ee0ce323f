/** Creates pilots, and starts them anew: what is asked for is checked, journalled, and waited for. */
import { CORE_PILOT_ATTRIBUTES } from '../../adaptor/adaptor.ts';
import { type DetectedResourceManager, detectResourceManager } from '../../adaptor/detect.ts';
import type { PilotPlan } from '../../manager/pilot-events.ts';
import { isRecord, readText } from '../../model/attribute-readers.ts';
import { DescriptionError, PilotError } from '../../model/errors.ts';
import { newId } from '../../model/ids.ts';
import {
  type ParsedPilotJobDescription,
  type PilotJobDescription,
  parsePilotJobDescription,
} from '../../model/pilot-job-description.ts';
import { isFinalPilotJobState } from '../../model/pilot-job-state.ts';
import { refuseAttributes } from '../../model/refusals.ts';
import { written } from '../../model/written.ts';
import { abortable, throwIfAborted } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { randomFraction } from '../../runtime/random.ts';
import { type PilotPlace, pilotPlace, pilotPolicy, writeContext } from '../agents/pilot-launch.ts';
import { CALL_READERS, type OptionReaders, readOptions } from '../base/call-options.ts';
import type { CreateOptions, PilotJob } from '../base/pilot-job.ts';
import { keptCredentials, readCredentials } from '../resource-managers/credentials.ts';
import { namedResourceManager } from '../resource-managers/resource-manager-url.ts';
import type { Target } from '../resource-managers/resource-managers.ts';
import type { PilotCore } from './pilot-core.ts';
import { refuseStrangeFiles } from './pilot-files.ts';

/** What pilots are created with. */
export interface PilotCreationParts {
  readonly core: PilotCore;
  readonly clock: Clock;
  /** The service's. */
  readonly directory: string;
  /** The name of a profile, for pilots that name no resource manager. */
  readonly profile: string | undefined;
  /** Makes room in the journal. */
  reserve(bytes: number): Promise<void>;
  /** @throws PilotError `SERVICE_CLOSED` */
  assertOpen(): void;
}

const READERS = {
  ...CALL_READERS,
  type: readText,
  context: readCredentials,
} as const satisfies OptionReaders<CreateOptions>;

/** What a pilot takes in the journal over its life, generously. */
const RESERVED_BYTES = 64 * 1024;

/** Creates the pilots of one service. */
export class PilotCreation {
  readonly #parts: PilotCreationParts;
  #detected: Promise<DetectedResourceManager> | undefined;
  readonly #canceling = new AbortController();

  constructor(parts: PilotCreationParts) {
    this.#parts = parts;
  }

  /** See {@link PilotJobService.create}. */
  async create(
    rm: string | URL | undefined,
    description: PilotJobDescription,
    options: CreateOptions,
  ): Promise<PilotJob> {
    const canceling = this.#canceling.signal;
    const { signal: own = canceling, ...others } = readOptions(options, READERS);
    const signal = AbortSignal.any([own, canceling]);
    try {
      return await this.#create(rm, description, { ...others, signal });
    } catch (error) {
      const isGivenUp = error instanceof PilotError && error.code === 'ABORTED';
      if (isGivenUp && signal.reason === canceling.reason) this.#parts.assertOpen();
      throw error;
    }
  }

  /** Gives up whatever is being created: the service is canceled. */
  giveUp(): void {
    this.#canceling.abort();
  }

  async #create(
    rm: string | URL | undefined,
    description: PilotJobDescription,
    options: CreateOptions & { readonly signal: AbortSignal },
  ): Promise<PilotJob> {
    const { core, directory, clock, profile, reserve, assertOpen } = this.#parts;
    const { context, signal } = options;
    throwIfAborted(signal, 'create');
    const { url, defaults, detected } = await namedResourceManager(
      rm === undefined ? profile : rm,
      () => {
        this.#detected ??= detectResourceManager();
        return this.#detected;
      },
    );
    const target = { rm: url.href, type: options.type ?? url.protocol.slice(0, -1), context };
    const id = newId('pilot', randomFraction);
    const place = pilotPlace(directory, id);
    const whole = { ...defaults, ...described(description) };
    const plan = await this.#plan(place, target, whole, signal).catch((error: unknown) => {
      throw detected === undefined ? error : explained(error, detected);
    });
    await reserve(RESERVED_BYTES);
    assertOpen();
    throwIfAborted(signal, 'create');
    const kept = keptCredentials(context);
    if (kept !== undefined) await writeContext(place, kept);
    core.conductor.dispatch({ type: 'create', pilot: id, plan, at: clock.now() });
    const abort = () => {
      core.tell({ type: 'cancel', pilot: id, at: clock.now() });
      core.abortSubmission(id);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    try {
      await abortable(this.#accepted(id, 1), signal, 'create');
      return core.view(id);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** See {@link PilotJob.reinitialize}. */
  async reinitialize(pilot: string, description: PilotJobDescription): Promise<void> {
    const { core, clock, directory, assertOpen } = this.#parts;
    assertOpen();
    const { rm, type, context } = core.view(pilot);
    const target = { rm: rm.href, type, context };
    const plan = await this.#plan(pilotPlace(directory, pilot), target, described(description));
    assertOpen();
    const round = 1 + (core.machine.pilots.get(pilot)?.round ?? 0);
    core.conductor.dispatch({ type: 'reinitialize', pilot, plan, at: clock.now() });
    await this.#accepted(pilot, round);
  }

  async #plan(
    place: PilotPlace,
    target: Target,
    description: PilotJobDescription,
    signal?: AbortSignal,
  ): Promise<PilotPlan> {
    const parsed = parsePilotJobDescription(description);
    await refuseStrangeFiles(place, parsed);
    const { adaptor, jobs } = await this.#parts.core.managers.connect(target, signal);
    const honoured = [...CORE_PILOT_ATTRIBUTES, ...adaptor.attributes];
    refuseAttributes(parsed, honoured, `${adaptor.scheme}://`);
    if (jobs.manager.sharesFiles !== false) refuseToSendNode(parsed, adaptor.scheme);
    const policy = pilotPolicy(parsed, jobs.manager);
    const { rm, type } = target;
    return { rm, type, description: { ...description }, policy };
  }

  /** Settles once a round's submission is accepted, and rejects with what came instead. */
  #accepted(id: string, round: number): Promise<void> {
    const { changed$, problems, machine, conductor } = this.#parts.core;
    return new Promise((resolve_, reject) => {
      const look = () => {
        const pilot = machine.pilots.get(id);
        const final = pilot !== undefined && isFinalPilotJobState(pilot.state);
        if (pilot && !final && (pilot.round < round || pilot.native.phase === 'submitting')) return;
        watch.unsubscribe();
        const problem = problems.get(id);
        problems.delete(id);
        if (problem === undefined && !final) conductor.settled().then(resolve_, reject);
        else reject(problem ?? new PilotError('WRONG_STATE', `${pilot?.detail}`, { subject: id }));
      };
      const complete = () => {
        try {
          this.#parts.assertOpen();
        } catch (closed) {
          reject(closed);
        }
      };
      const watch = changed$.subscribe({ next: look, complete });
    });
  }
}

/** What is no description would be one that leaves everything open. */
function described(value: PilotJobDescription): PilotJobDescription {
  if (isRecord(value)) return value;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no object`, {
    subject: 'description',
    hint: 'write { totalCpuCount: 4 }',
  });
}

/** Nodes that see this machine's files have its Node.js, or are no place for it. */
function refuseToSendNode({ agent }: ParsedPilotJobDescription, scheme: string): void {
  if (!agent?.sendNode) return;
  const problem = `${scheme}:// sends no Node.js: its nodes see this machine's files`;
  throw new DescriptionError('ATTRIBUTE_UNSUPPORTED', problem, {
    subject: 'agent.sendNode',
    hint: 'leave it out, or name a Node.js that is there as agent.node',
  });
}

/** Nobody has asked for what was found: the way out leads past it as well. */
function explained(error: unknown, { rm, how }: DetectedResourceManager): unknown {
  if (!(error instanceof PilotError) || error.code !== 'ADAPTOR_NOT_FOUND') return error;
  return new PilotError(error.code, `this machine has ${rm}, and its adaptor is not installed`, {
    subject: how,
    hint: `${error.hint}, or set PSTAR_DEFAULT_RM=local://`,
    cause: error,
  });
}

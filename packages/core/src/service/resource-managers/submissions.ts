/**
 * Hands pilots over to their resource managers, and does not rest before it is known what came of
 * it; what that means for a pilot is not decided here.
 */
import { resolve } from 'node:path';
import type { AgentLaunch, ResourceManager } from '../../adaptor/adaptor.ts';
import { AdaptorError, PilotError, type PilotErrorCode } from '../../model/errors.ts';
import { messageOf } from '../../model/message-of.ts';
import type { AgentSettings } from '../../protocol/agent-settings.ts';
import { abortable, aborted, throwIfAborted } from '../../runtime/abort.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { removeMade } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { sharedAbort } from '../../runtime/shared-abort.ts';
import { type PilotPlace, writeSettings } from '../agents/pilot-launch.ts';
import { SILENT_MS, saidIfSlow } from './answers.ts';
import { UnmeantError } from './contract.ts';
import type { NativeJobs } from './native-jobs.ts';
import type { Connection } from './resource-managers.ts';

/** What submissions are made with. */
export interface SubmissionsParts {
  readonly clock: Clock;
  readonly log: Log;
  connect(pilotId: string): Promise<Connection>;
  /** Does not give up; undefined at the end. */
  reconnect(pilotId: string): Promise<Connection | undefined>;
  place(pilotId: string): PilotPlace;
  launch(pilotId: string, round: number): AgentLaunch;
  /** Where agents of this machine are listened for, if anywhere. */
  socketFile(): string | undefined;
  /** Whether it is still to be submitted. */
  isWanted(pilotId: string): boolean;
  /** The settings are written: agents may come with this key from now on. */
  prepared(pilotId: string, round: number, settings: AgentSettings): void;
  /** Another pilot whose native job, at the same place, has this id and is not over. */
  holderOf(pilotId: string, nativeId: string): string | undefined;
  accepted(pilotId: string, round: number, nativeId: string): void;
  refused(pilotId: string, round: number, error: unknown): void;
}

/** After these the launch may be there all the same, as after an error that nobody meant to throw. */
const IN_DOUBT: readonly PilotErrorCode[] = ['TIMEOUT', 'CONNECTION_LOST', 'ABORTED'];
/** What was under way when its answer was given up has arrived by then, or will not. */
const ARRIVAL_MS = 2_000;
/** An adaptor that is told to give a submission up has so long to say what came of it. */
const GIVE_UP_MS = 10_000;
/** Whoever closes waits no longer for what adaptors have in hand. */
const CLOSE_MS = 15_000;
/** The first wait for a resource manager that does not answer; each next one is twice as long. */
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30_000;

/** The service is closed before it is known: the next process finds out. */
const LEFT_OPEN = Symbol('left open');

interface Submission {
  readonly pilotId: string;
  readonly round: number;
  /** An earlier process may have handed it over already. */
  readonly again: boolean;
  readonly signal: AbortSignal;
}

/** The submissions of a service that are under way. */
export class Submissions {
  readonly #parts: SubmissionsParts;
  readonly #underWay = new Map<string, { done: Promise<void>; abort: AbortController }>();
  readonly #closing = sharedAbort();
  readonly #closed: Promise<undefined>;
  /** What resource managers say in place of an answer, by the name of a launch that is asked for. */
  readonly #doubts = new Map<string, string>();
  /** Directories that descriptions name, by pilot: of what one makes there another may be in need. */
  readonly #named = new Map<string, string>();

  constructor(parts: SubmissionsParts) {
    this.#parts = parts;
    this.#closed = new Promise((resolve) =>
      this.#closing.signal.addEventListener('abort', () => resolve(undefined)),
    );
  }

  /** Submits a round of a pilot; `again` when an earlier process may have done so already. */
  begin(pilotId: string, round: number, again: boolean): void {
    const abort = new AbortController();
    const done = this.#submitted({ pilotId, round, again, signal: abort.signal })
      .catch((error: unknown) => {
        if (error !== LEFT_OPEN) this.#parts.refused(pilotId, round, error);
      })
      .finally(() => this.#underWay.delete(pilotId));
    this.#underWay.set(pilotId, { done, abort });
  }

  /** Gives a submission up, if the adaptor can. */
  abort(pilotId: string): void {
    this.#underWay.get(pilotId)?.abort.abort();
  }

  /** Why it cannot be found out yet whether a launch was accepted. */
  troubleOf(launchName: string): string | undefined {
    return this.#doubts.get(launchName);
  }

  /** Waits for what the resource managers have in hand, and leaves open what they do not answer. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  async #submitted(submission: Submission): Promise<void> {
    const { pilotId, round, again, signal } = submission;
    const { connect, launch: launchOf, isWanted } = this.#parts;
    if (!again) {
      const connecting = this.#unlessClosed(connect(pilotId));
      return this.#handOver(await abortable(connecting, signal, 'the submission'), submission);
    }
    const connection = await Promise.race([this.#parts.reconnect(pilotId), this.#closed]);
    if (connection === undefined) throw LEFT_OPEN;
    const { manager } = connection.jobs;
    if (manager.find === undefined) {
      const problem = 'a crash came in between, and whether it was submitted cannot be known';
      throw new PilotError('ADAPTOR_FAILED', problem, { subject: pilotId });
    }
    const found = await this.#sought(manager, launchOf(pilotId, round).name);
    if (found !== undefined) return this.#accept(submission, found);
    if (!isWanted(pilotId)) {
      await connection.far?.discard(launchOf(pilotId, round).name);
      throw new PilotError('ABORTED', 'canceled before it was submitted');
    }
    return this.#handOver(connection, submission);
  }

  /**
   * States and ends of one native job cannot be those of two pilots.
   *
   * @throws AdaptorError `ADAPTOR_FAILED`
   */
  #accept({ pilotId, round }: Submission, nativeId: string): void {
    const holder = this.#parts.holderOf(pilotId, nativeId);
    if (holder !== undefined) {
      const problem = `the adaptor has given ${pilotId} the native id ${nativeId}, which is that of ${holder}`;
      throw new AdaptorError('ADAPTOR_FAILED', problem, {
        subject: nativeId,
        hint: 'have submit() and find() of the adaptor give each native job an id of its own',
      });
    }
    this.#parts.accepted(pilotId, round, nativeId);
  }

  async #handOver({ adaptor, jobs, far }: Connection, submission: Submission): Promise<void> {
    const { pilotId, round, signal } = submission;
    const { manager } = jobs;
    const launch = this.#parts.launch(pilotId, round);
    const { workingDirectory, agent } = launch.description;
    this.#named.set(pilotId, resolve(agent?.scratch ?? workingDirectory ?? '/'));
    const { settings, made } = await writeSettings({
      place: this.#parts.place(pilotId),
      round,
      description: launch.description,
      address: launch.manager,
      offer: manager.offer?.(launch.description) ?? {},
      limitIsKept: adaptor.attributes.includes('wallTimeLimit'),
      sharesFiles: manager.sharesFiles ?? true,
      ...(manager.agentsAreHere && { managerSocket: this.#parts.socketFile() }),
    });
    this.#parts.prepared(pilotId, round, settings);
    if (signal.aborted) await this.#remove(made, pilotId);
    throwIfAborted(signal, 'the submission');
    try {
      this.#accept(submission, await this.#answered(jobs, launch, submission));
    } catch (error) {
      if (error === LEFT_OPEN) throw error;
      const found = await this.#foundAfter(error, manager, launch.name);
      const isItsOwn = found !== undefined && !this.#parts.holderOf(pilotId, found);
      if (!isItsOwn) {
        await far?.discard(launch.name);
        await this.#remove(made, pilotId);
        throw error;
      }
      const { log } = this.#parts;
      log.warn({ pilot: pilotId, nativeId: found, err: error }, 'accepted in spite of an error');
      this.#accept(submission, found);
    }
  }

  /**
   * What the adaptor says, however long it takes while somebody wants to know. What it has accepted
   * after it was given up is ended.
   */
  #answered(jobs: NativeJobs, launch: AgentLaunch, submission: Submission): Promise<string> {
    const { clock, log } = this.#parts;
    const { pilotId, signal } = submission;
    const accepting = (async () => jobs.manager.submit(launch, { signal }))();
    const answer = new Promise<string>((resolve, reject) => {
      let timer: Timer | undefined;
      const giveUp = () => {
        timer ??= clock.after(GIVE_UP_MS, () => {
          reject(aborted(signal, 'the submission'));
          accepting.then(
            (id) => jobs.end(id),
            () => {},
          );
        });
      };
      signal.addEventListener('abort', giveUp, { once: true });
      if (signal.aborted) giveUp();
      this.#unlessClosed(accepting)
        .then(resolve, reject)
        .finally(() => {
          signal.removeEventListener('abort', giveUp);
          timer?.cancel();
        });
    });
    return saidIfSlow(clock, answer, () =>
      log.warn(
        { pilot: pilotId },
        'still waits for the adaptor to hand it to the resource manager',
      ),
    );
  }

  /** The promise; given up a while after the service is closed. */
  #unlessClosed<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const close = () => {
        timer = this.#parts.clock.after(CLOSE_MS, () => reject(LEFT_OPEN));
      };
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      promise.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', close);
        timer?.cancel();
      });
    });
  }

  /** Removes what was made for a pilot that is refused, and that no other names. */
  async #remove(made: readonly string[], pilotId: string): Promise<void> {
    this.#named.delete(pilotId);
    const named = [...this.#named.values()];
    const isNamed = (path: string) => named.some((other) => `${other}/`.startsWith(`${path}/`));
    await removeMade(made.filter((path) => !isNamed(path)));
  }

  /** What a rejected submission has left at the resource manager. */
  async #foundAfter(
    error: unknown,
    manager: ResourceManager,
    name: string,
  ): Promise<string | undefined> {
    if (manager.find === undefined) return undefined;
    const isMeant = error instanceof PilotError && !(error instanceof UnmeantError);
    const isRefusal = isMeant && !IN_DOUBT.includes(error.code);
    // A resource manager that cannot be reached refuses, and does not answer this either.
    if (isRefusal) {
      return this.#unlessClosed(manager.find(name)).catch((problem: unknown) => {
        if (problem === LEFT_OPEN) throw problem;
        return undefined;
      });
    }
    const found = await this.#sought(manager, name);
    if (found !== undefined) return found;
    await this.#pause(ARRIVAL_MS);
    return this.#sought(manager, name);
  }

  /** Asks until the resource manager answers: what it may hold is neither lost nor given twice. */
  async #sought(manager: ResourceManager, name: string): Promise<string | undefined> {
    for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
      const silent = this.#parts.clock.after(
        SILENT_MS,
        () => this.#doubts.set(name, 'find() of the adaptor has not settled yet'),
        { unref: true },
      );
      try {
        const found = await this.#unlessClosed(Promise.resolve(manager.find?.(name)));
        this.#doubts.delete(name);
        return found;
      } catch (error) {
        if (error === LEFT_OPEN) throw error;
        this.#doubts.set(name, messageOf(error));
        const problem = 'whether it was submitted cannot be known yet';
        this.#parts.log.warn({ launch: name, err: error }, problem);
      } finally {
        silent.cancel();
      }
      await this.#pause(waitMs);
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(LEFT_OPEN);
      const close = () => {
        timer.cancel();
        reject(LEFT_OPEN);
      };
      const timer = this.#parts.clock.after(ms, () => {
        signal.removeEventListener('abort', close);
        resolve();
      });
      signal.addEventListener('abort', close, { once: true });
    });
  }
}

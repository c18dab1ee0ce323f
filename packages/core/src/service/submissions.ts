/** Hands pilots over to their resource managers; what that means for a pilot is not decided here. */
import type { AgentLaunch } from '../adaptor/adaptor.ts';
import { PilotError } from '../model/errors.ts';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import { type PilotPlace, writeSettings } from './pilot-launch.ts';
import type { Connection } from './resource-managers.ts';

/** What submissions are made with. */
export interface SubmissionsParts {
  connect(pilotId: string): Promise<Connection>;
  place(pilotId: string): PilotPlace;
  launch(pilotId: string, round: number): AgentLaunch;
  /** The settings are written: agents may come with this key from now on. */
  prepared(pilotId: string, round: number, settings: AgentSettings): void;
  accepted(pilotId: string, round: number, nativeId: string): void;
  refused(pilotId: string, round: number, error: unknown): void;
}

/** The submissions of a service that are under way. */
export class Submissions {
  readonly #parts: SubmissionsParts;
  readonly #underWay = new Map<string, { done: Promise<void>; abort: AbortController }>();

  constructor(parts: SubmissionsParts) {
    this.#parts = parts;
  }

  /** Submits a round of a pilot; `again` when an earlier process may have done so already. */
  begin(pilotId: string, round: number, again: boolean): void {
    const abort = new AbortController();
    const done = this.#submitted(pilotId, round, again, abort.signal)
      .then(
        (nativeId) => this.#parts.accepted(pilotId, round, nativeId),
        (error: unknown) => this.#parts.refused(pilotId, round, error),
      )
      .finally(() => this.#underWay.delete(pilotId));
    this.#underWay.set(pilotId, { done, abort });
  }

  /** Gives a submission up, if the adaptor can. */
  abort(pilotId: string): void {
    this.#underWay.get(pilotId)?.abort.abort();
  }

  /** Settles when none is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  async #submitted(
    pilotId: string,
    round: number,
    again: boolean,
    signal: AbortSignal,
  ): Promise<string> {
    const { adaptor, jobs } = await this.#parts.connect(pilotId);
    const { manager } = jobs;
    const launch = this.#parts.launch(pilotId, round);
    if (again) {
      const found = await manager.find?.(launch.name);
      if (found !== undefined) return found;
      if (manager.find === undefined) {
        const problem = 'a crash came in between, and whether it was submitted cannot be known';
        throw new PilotError('ADAPTOR_FAILED', problem, { subject: pilotId });
      }
    }
    const settings = await writeSettings({
      place: this.#parts.place(pilotId),
      round,
      description: launch.description,
      address: launch.manager,
      offer: manager.offer?.(launch.description) ?? {},
      limitIsKept: adaptor.attributes.includes('wallTimeLimit'),
    });
    this.#parts.prepared(pilotId, round, settings);
    return manager.submit(launch, { signal });
  }
}

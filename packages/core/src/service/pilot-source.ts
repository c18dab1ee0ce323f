/**
 * One PilotJobService as a work unit service uses it: passes on what its agents say, and leaves it
 * in good order, when what is bound to its agents has ended.
 */
import type { Subscription } from 'rxjs';
import type { AgentEnding } from '../manager/work-events.ts';
import { PilotError } from '../model/errors.ts';
import type { HeldUnits } from '../protocol/messages.ts';
import {
  type AgentPort,
  pilotProvider,
  type WorkClient,
  type WorkMessage,
} from './base/work-client.ts';
import type { PilotJobService } from './pilot-job-service.ts';
import type { WorkCore } from './units/work-core.ts';

export class PilotSource implements WorkClient {
  readonly service: PilotJobService;
  readonly #core: WorkCore;
  readonly #agents = new Set<string>();
  #isRetired = false;
  #watch: Subscription | undefined;

  constructor(core: WorkCore, service: PilotJobService) {
    this.#core = core;
    this.service = service;
    service[pilotProvider].attachWork(this);
  }

  get id(): string {
    return this.#core.id;
  }

  /** Gives its agents no more units, and lets go of it once they have none. */
  retire(): void {
    this.#isRetired = true;
    for (const agentId of this.#agents) this.#core.retire(agentId);
    this.#watch ??= this.#core.changed$.subscribe(() => this.#leaveWhenIdle());
    this.#leaveWhenIdle();
  }

  /** Lets go of it at once. */
  detach(): void {
    this.#watch?.unsubscribe();
    this.service[pilotProvider].detachWork(this);
  }

  agentJoined(agent: AgentPort, held: HeldUnits): void {
    this.#agents.add(agent.agentId);
    this.#core.agentJoined(agent, held, { serviceId: this.service.id, isRetired: this.#isRetired });
  }

  agentMessage(agent: AgentPort, message: WorkMessage): void {
    this.#core.agentMessage(agent, message);
  }

  agentDrained(agent: AgentPort): void {
    this.#core.agentDrained(agent);
  }

  agentEndsAt(agent: AgentPort): void {
    this.#core.agentEndsAt(agent);
  }

  agentSilent(agent: AgentPort, why: string): void {
    this.#core.agentSilent(agent, why);
  }

  agentGone(agent: AgentPort, how: AgentEnding, detail: string): void {
    this.#agents.delete(agent.agentId);
    this.#core.agentGone(agent, how, detail);
  }

  boundTo(agentId: string): number {
    return this.#core.boundTo(agentId);
  }

  settled(): Promise<void> {
    return this.#core.settled();
  }

  stoodStill(ms: number): void {
    this.#core.stoodStill(ms);
  }

  pilotsChanged(): void {
    this.#core.pilotsChanged();
  }

  #leaveWhenIdle(): void {
    for (const agentId of this.#agents) if (this.#core.boundTo(agentId) > 0) return;
    this.detach();
  }
}

/** The program exits while it disposes of what uses these. */
export function exiting(services: Iterable<PilotJobService>): void {
  for (const service of services) service[pilotProvider].exiting();
}

/** @throws PilotError for what is none, before anything is done with it. */
export function assertPilots(service: PilotJobService): void {
  if (typeof service !== 'object' || service === null || !(pilotProvider in service)) {
    throw notPilots(service);
  }
}

/** @throws PilotError for what is no list of them */
export function readServices(services: readonly PilotJobService[]): readonly PilotJobService[] {
  if (!Array.isArray(services)) throw notPilots(services);
  services.forEach(assertPilots);
  return services;
}

function notPilots(given: unknown): PilotError {
  const isOne = typeof given === 'object' && given !== null && pilotProvider in given;
  return new PilotError('DESCRIPTION_INVALID', isOne ? 'must be a list' : 'is no PilotJobService', {
    subject: 'services',
    hint: 'write services: [pilots]',
  });
}

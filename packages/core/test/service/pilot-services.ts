/** Pilot job services in a store that each test has for itself. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach } from 'vitest';
import { processesWith } from '../../src/adaptor/local-process.ts';
import type { PilotJobState } from '../../src/model/pilot-job-state.ts';
import type { HeldUnits } from '../../src/protocol/messages.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { PilotJob } from '../../src/service/base/pilot-job.ts';
import type { AgentPort, WorkClient } from '../../src/service/base/work-client.ts';
import {
  PilotJobService,
  type PilotJobServiceOptions,
} from '../../src/service/pilot-job-service.ts';

/** What tests of pilot job services need; whatever a test leaves is ended and removed. */
export interface PilotServices {
  /** The directory that this test's services keep their things in. */
  readonly store: string;
  open(options?: Partial<PilotJobServiceOptions>): Promise<PilotJobService>;
  directoryOf(service: PilotJobService, pilot: PilotJob): string;
  /** Stands in for Node.js on a node, so that a test can come between a launch and its agent. */
  fakeNode(script: string): Promise<string>;
}

/** Makes a store for each test of a file. */
export function pilotServices(): PilotServices {
  let store: string;
  let services: PilotJobService[];
  beforeEach(async () => {
    store = await mkdtemp(join(tmpdir(), 'pstar-pilots-'));
    services = [];
  });
  afterEach(async () => {
    await Promise.all(services.map((service) => service.cancel().catch(() => {})));
    // The warden of an agent that was killed may be leaving its note there at this moment.
    await rm(store, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    get store() {
      return store;
    },
    async open(options = {}) {
      const own = { store, log: silentLog, signals: false };
      const service = await PilotJobService.open({ ...own, ...options });
      services.push(service);
      return service;
    },
    directoryOf: (service, pilot) => join(store, service.id, 'pilots', pilot.id),
    async fakeNode(script) {
      const file = join(store, `node-${Math.random()}`);
      await writeFile(file, `#!/bin/sh\n${script}\n`);
      await chmod(file, 0o755);
      return file;
    },
  };
}

/** Settles when the pilot is in that state. */
export async function reaches(pilot: PilotJob, state: PilotJobState): Promise<void> {
  await firstValueFrom(pilot.state$.pipe(filter((present) => present === state)));
}

/** The processes of a pilot that are there. */
export const leftOf = (pilot: { readonly id: string }) => processesWith('PSTAR_LAUNCH', pilot.id);

/** The process of a local pilot's agent. */
export const pidOf = (pilot: PilotJob): number => Number(pilot.nativeId?.split(':')[0]);

/** Hears what a work unit service would. */
export class HearingClient implements WorkClient {
  readonly id = 'work-1';
  readonly heard: string[] = [];
  readonly #waiting = new Set<() => void>();

  agentJoined(agent: AgentPort, _held: HeldUnits): void {
    this.#hear(`joined ${agent.connected} ${agent.channelOf(this.id)}`);
  }
  agentMessage(): void {}
  agentEndsAt(): void {}
  agentSilent(_agent: AgentPort, why: string): void {
    this.#hear(`silent: ${why}`);
  }
  agentGone(agent: AgentPort, how: string, detail: string): void {
    this.#hear(`gone ${agent.connected} ${how}: ${detail}`);
  }
  boundTo(): number {
    return 0;
  }
  async settled(): Promise<void> {}
  pilotsChanged(): void {}

  async until(text: string): Promise<void> {
    while (!this.heard.some((line) => line.startsWith(text))) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
  #hear(line: string): void {
    this.heard.push(line);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

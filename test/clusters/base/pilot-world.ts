/** Pilots on a cluster of a test's own, and units that keep ledgers of what happened to them. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  type WorkUnit,
  type WorkUnitDescription,
  WorkUnitService,
} from '@pstar/core';
import type { Adaptor } from '@pstar/core/adaptor';
import { expect } from 'vitest';
import { UNIT } from '../../chaos/driver.ts';
import { disagreements } from '../../chaos/ledgers.ts';
import { reached } from '../../integration/fixture.ts';

/** Enough for a resource manager to notice what has happened, on a machine that has other things to do. */
export const PATIENCE_MS = 45_000;

/** Both services in a store of their own, gone with the test. */
export class PilotWorld implements AsyncDisposable {
  readonly rm: string;
  readonly pilots: PilotJobService;
  readonly work: WorkUnitService;
  /** Units with {@link ledgers} write here what they did. */
  readonly ledgers: string;
  /** When this file is there, {@link gated} units end. */
  readonly gate: string;
  readonly #store: string;

  private constructor(rm: string, store: string, pilots: PilotJobService, work: WorkUnitService) {
    this.rm = rm;
    this.pilots = pilots;
    this.work = work;
    this.#store = store;
    this.ledgers = join(store, 'ledgers');
    this.gate = join(store, 'gate');
  }

  /** @param rm where its pilots are created */
  static async open(rm: string, adaptor: Adaptor): Promise<PilotWorld> {
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    const pilots = await PilotJobService.open({ store, adaptors: [adaptor] });
    const work = await WorkUnitService.open({ store, services: [pilots] });
    const world = new PilotWorld(rm, store, pilots, work);
    await mkdir(world.ledgers);
    return world;
  }

  create(description: PilotJobDescription): Promise<PilotJob> {
    return this.pilots.create(this.rm, description);
  }

  /** A pilot with an agent on each of so many nodes. */
  async createRunning(description: PilotJobDescription, nodes = 1): Promise<PilotJob> {
    const pilot = await this.create(description);
    await reached(pilot, 'Running');
    await expect.poll(() => pilot.nodes.length, { timeout: PATIENCE_MS }).toBe(nodes);
    return pilot;
  }

  /** Units that run until {@link open the gate is open}; settles when all of them do. */
  async submitGated(count: number): Promise<WorkUnit[]> {
    const units = await this.work.submit(Array.from({ length: count }, () => this.gated()));
    await Promise.all(units.map((unit) => reached(unit, 'Running')));
    // Running is what the agent says; the unit has begun when its ledger says so, too.
    await expect.poll(() => units.every(({ id }) => existsSync(join(this.ledgers, id)))).toBe(true);
    return units;
  }

  gated(): WorkUnitDescription {
    return { executable: '/bin/sh', arguments: [UNIT, this.ledgers, this.gate, 0] };
  }

  openGate(): Promise<void> {
    return writeFile(this.gate, '');
  }

  /** All units are done, each by its last attempt, none twice at once, and nothing is lost. */
  expectAllDone(): void {
    const told = [...this.work.workUnits].map(({ id, state, attempt, exit }) => ({
      id,
      state,
      attempt,
      exitCode: exit?.exitCode,
    }));
    expect(told.filter(({ state }) => state !== 'Done')).toEqual([]);
    expect(disagreements(this.ledgers, told, [])).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.work.cancel();
    await this.pilots.cancel();
    await rm(this.#store, { recursive: true, force: true });
  }
}

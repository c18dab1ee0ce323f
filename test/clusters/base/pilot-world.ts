/** Pilots on a cluster of a test's own. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  WorkUnitService,
} from '@pstar/core';
import type { Adaptor } from '@pstar/core/adaptor';
import { expect } from 'vitest';
import { UNIT } from '../../chaos/unit.ts';
import { reached } from '../../integration/fixture.ts';
import { LedgerWorld, PATIENCE_MS } from './ledger-world.ts';

export { PATIENCE_MS } from './ledger-world.ts';

/** A world whose pilots are created at one place, with nodes that see the files of the test. */
export class PilotWorld extends LedgerWorld {
  readonly rm: string;
  readonly pilots: PilotJobService;
  readonly work: WorkUnitService;

  private constructor(rm: string, store: string, pilots: PilotJobService, work: WorkUnitService) {
    super(store, store, UNIT);
    this.rm = rm;
    this.pilots = pilots;
    this.work = work;
  }

  /**
   * @param rm where its pilots are created
   * @param parent where its store is made
   */
  static async open(rm: string, adaptor: Adaptor, parent = tmpdir()): Promise<PilotWorld> {
    const store = await mkdtemp(join(parent, 'pstar-test-'));
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
}

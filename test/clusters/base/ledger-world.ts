/** Both services of a test, and units that keep ledgers of what happened to them, wherever they run. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PilotJobService, WorkUnit, WorkUnitDescription, WorkUnitService } from '@pstar/core';
import { expect } from 'vitest';
import { disagreements, readLedger } from '../../chaos/ledgers.ts';
import { reached } from '../../integration/fixture.ts';

/**
 * Enough for others to notice what has happened, on a machine that has other things to do. A test has several
 * times that, as it waits for several things.
 */
export const PATIENCE_MS = 45_000;

/** Gone with the test, and its store with it. */
export abstract class LedgerWorld implements AsyncDisposable {
  abstract readonly pilots: PilotJobService;
  abstract readonly work: WorkUnitService;
  readonly store: string;
  /** Units with ledgers write here what they did. */
  readonly ledgers: string;
  /** When this file is there, {@link gated} units end. */
  readonly gate: string;
  readonly #unit: string;

  /**
   * @param place of ledgers and gate, which nodes see as well
   * @param unit the program of units with ledgers, by the name that nodes have for it
   */
  constructor(store: string, place: string, unit: string) {
    this.store = store;
    this.ledgers = join(place, 'ledgers');
    this.gate = join(place, 'gate');
    this.#unit = unit;
  }

  /** Units that run until {@link openGate}; settles when all of them do. */
  async submitGated(count: number): Promise<WorkUnit[]> {
    const units = await this.work.submit(Array.from({ length: count }, () => this.gated()));
    await Promise.all(units.map((unit) => reached(unit, 'Running')));
    // Running is what the agent says; the unit has begun when its ledger says so, too.
    await expect.poll(() => units.every(({ id }) => existsSync(join(this.ledgers, id)))).toBe(true);
    return units;
  }

  gated(): WorkUnitDescription {
    return this.keeping(this.gate);
  }

  /** A unit with a ledger that runs for so many seconds, or until that file is there. */
  keeping(until: number | string): WorkUnitDescription {
    return { executable: '/bin/sh', arguments: [this.#unit, this.ledgers, until, 0] };
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

  /** How often a unit with a ledger was started, by what it has written itself; attempts are also those that were taken back. */
  startsOf(id: string): number {
    return readLedger(this.ledgers, id).starts.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.work.cancel();
    await this.pilots.cancel();
    await rm(this.store, { recursive: true, force: true });
  }
}

import { beforeEach, describe, expect, it } from 'vitest';
import { PilotError } from '../../../src/model/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import {
  Conductor,
  type ConductorJournal,
  type Step,
} from '../../../src/service/base/conductor.ts';

type NumberStep = Step<string, string> & { readonly answer: number };

/** `e1` gives event e1 with effect !e1; `x1` the effect alone; `bad` is refused; `defect` throws. */
class FakeMachine {
  total = 0;
  handle(input: string): NumberStep {
    if (input === 'bad') throw new PilotError('DESCRIPTION_INVALID', 'no good');
    if (input === 'defect') throw new Error('defect: planted');
    this.total += 1;
    return {
      events: input.startsWith('e') ? [input] : [],
      effects: [`!${input}`],
      answer: this.total,
    };
  }
  dump(): number[] {
    return [this.total];
  }
}

/** Commits when told to, and fails where told to. */
class FakeJournal implements ConductorJournal {
  appended: unknown[] = [];
  commits: { resolve: () => void; reject: (error: PilotError) => void }[] = [];
  snapshots: unknown[] = [];
  bytesSinceSnapshot = 0;
  snapshotBytes = 0;
  isOutdated = false;
  appendsSinceSnapshot = 0;
  failed: PilotError | undefined;

  append(records: readonly unknown[]): void {
    this.appended.push(...records);
  }
  commit(): Promise<void> {
    return new Promise((resolve, reject) => this.commits.push({ resolve, reject }));
  }
  async snapshot(parts: Iterable<unknown>): Promise<void> {
    this.snapshots.push(...parts);
    this.bytesSinceSnapshot = 0;
  }
}

const full = new PilotError('STORE_FULL', 'no space left');

describe('Conductor', () => {
  let journal: FakeJournal;
  let seen: string[];
  let reported: unknown[];
  let failures: unknown[];
  let onEffect: (effect: string) => void;
  let onPublish: (step: NumberStep) => void;
  let conductor: Conductor<string, string, string, NumberStep>;

  beforeEach(() => {
    journal = new FakeJournal();
    seen = [];
    reported = [];
    failures = [];
    onEffect = () => undefined;
    onPublish = () => undefined;
    conductor = new Conductor({
      service: 'pilots-1',
      machine: new FakeMachine(),
      journal,
      log: silentLog,
      publish: (step) => {
        seen.push(...step.events);
        onPublish(step);
      },
      perform: (effect) => {
        seen.push(effect);
        onEffect(effect);
      },
      report: (error) => reported.push(error),
      failed: (error) => failures.push(error),
    });
  });

  /** Lets the microtask in which the commit is asked for, and those behind it, pass. */
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('journals at once, and publishes and performs once the commit is durable', async () => {
    expect(conductor.dispatch('e1').answer).toBe(1);
    expect(journal.appended).toEqual(['e1']);
    await turn();
    expect(seen).toEqual([]);
    journal.commits[0]?.resolve();
    await conductor.settled();
    expect(seen).toEqual(['e1', '!e1']);
  });

  it('asks for one commit a turn', async () => {
    for (const input of ['e1', 'e2', 'x3', 'e4']) conductor.dispatch(input);
    await turn();
    expect(journal.commits).toHaveLength(1);
    journal.commits[0]?.resolve();
    await conductor.settled();
    expect(seen).toEqual(['e1', '!e1', 'e2', '!e2', '!x3', 'e4', '!e4']);
  });

  it('lets a step without events pass at once only when nothing is pending', async () => {
    conductor.dispatch('x1');
    expect(seen).toEqual(['!x1']);
    conductor.dispatch('e2');
    conductor.dispatch('x3');
    await turn();
    conductor.dispatch('x4');
    expect(seen).toEqual(['!x1']);
    journal.commits[0]?.resolve();
    await conductor.settled();
    expect(seen).toEqual(['!x1', 'e2', '!e2', '!x3', '!x4']);
  });

  it('keeps the order of dispatch when commits settle out of order', async () => {
    conductor.dispatch('e1');
    await turn();
    conductor.dispatch('e2');
    await turn();
    conductor.dispatch('e3');
    await turn();
    journal.commits[1]?.resolve();
    await turn();
    expect(seen).toEqual(['e1', '!e1', 'e2', '!e2']);
    journal.commits[0]?.resolve();
    await turn();
    expect(seen).toEqual(['e1', '!e1', 'e2', '!e2']);
    journal.commits[2]?.resolve();
    await conductor.settled();
    expect(seen.at(-1)).toBe('!e3');
  });

  it('keeps the order when effects dispatch', async () => {
    onEffect = (effect) => {
      if (effect === '!e1') conductor.dispatch('x2');
      if (effect === '!x2') conductor.dispatch('e4');
    };
    conductor.dispatch('e1');
    conductor.dispatch('e3');
    await turn();
    journal.commits[0]?.resolve();
    await turn();
    expect(seen).toEqual(['e1', '!e1', 'e3', '!e3', '!x2']);
    journal.commits[1]?.resolve();
    await conductor.settled();
    expect(seen.slice(5)).toEqual(['e4', '!e4']);
  });

  it('lets nothing that throws harm the rest', async () => {
    onPublish = (step) => {
      if (step.events[0] === 'e1') throw new Error('subscriber');
    };
    onEffect = (effect) => {
      if (effect === '!e1') throw new Error('effect');
    };
    conductor.dispatch('e1');
    conductor.dispatch('e2');
    await turn();
    journal.commits[0]?.resolve();
    await conductor.settled();
    expect(seen).toEqual(['e1', '!e1', 'e2', '!e2']);
    expect(reported.map(String)).toEqual(['Error: subscriber', 'Error: effect']);
  });

  it('goes on after a refusal', async () => {
    expect(() => conductor.dispatch('bad')).toThrow('no good');
    conductor.dispatch('e1');
    expect(journal.appended).toEqual(['e1']);
    expect(failures).toEqual([]);
  });

  it('stops for good after a defect: its machine may be ahead of the journal', async () => {
    conductor.dispatch('e1');
    const settled = conductor.settled();
    expect(() => conductor.dispatch('defect')).toThrow('planted');
    await expect(settled).rejects.toThrow('planted');
    expect(() => conductor.dispatch('e2')).toThrow('planted');
    await turn();
    expect(seen).toEqual([]);
    expect(failures.map(String)).toEqual(['Error: defect: planted']);
  });

  it('shows and does nothing that was not made durable', async () => {
    conductor.dispatch('e1');
    await turn();
    conductor.dispatch('e2');
    const settled = conductor.settled();
    await turn();
    journal.commits[0]?.reject(full);
    await expect(settled).rejects.toBe(full);
    await turn();
    expect(seen).toEqual([]);
    expect(failures).toEqual([full]);
    expect(() => conductor.dispatch('x3')).toThrow(full);
    await expect(conductor.settled()).rejects.toBe(full);
    await expect(conductor.close()).rejects.toBe(full);
  });

  it('refuses to decide over a journal that has failed', () => {
    journal.failed = full;
    expect(() => conductor.dispatch('e1')).toThrow(full);
    expect(journal.appended).toEqual([]);
  });

  it('takes a snapshot once enough was written since the last', async () => {
    const commit = async (bytes: number) => {
      journal.bytesSinceSnapshot = bytes;
      conductor.dispatch('e');
      await turn();
      journal.commits.at(-1)?.resolve();
      await conductor.settled();
      await turn();
    };
    await commit(1);
    expect(journal.snapshots).toEqual([]);
    await commit(17 * 2 ** 20);
    expect(journal.snapshots).toEqual([2]);
    journal.snapshotBytes = 10 * 2 ** 20;
    await commit(17 * 2 ** 20);
    expect(journal.snapshots).toEqual([2]);
    await commit(21 * 2 ** 20);
    expect(journal.snapshots).toEqual([2, 4]);
  });

  it('compacts a shorter log when there is time, and what an older version has written', async () => {
    journal.bytesSinceSnapshot = 2 ** 20;
    await conductor.compact();
    expect(journal.snapshots).toEqual([]);
    journal.bytesSinceSnapshot = 2 * 2 ** 20;
    journal.snapshotBytes = 100 * 2 ** 20;
    await conductor.compact();
    expect(journal.snapshots).toEqual([]);
    journal.snapshotBytes = 2 ** 20;
    await conductor.compact();
    expect(journal.snapshots).toHaveLength(1);
    await conductor.compact();
    expect(journal.snapshots).toHaveLength(1);
    journal.isOutdated = true;
    await conductor.compact();
    expect(journal.snapshots).toHaveLength(2);
  });

  it('counts small pieces as more than their bytes: each takes its time to be read', async () => {
    journal.bytesSinceSnapshot = 500_000;
    journal.appendsSinceSnapshot = 500;
    await conductor.compact();
    expect(journal.snapshots).toEqual([]);
    journal.appendsSinceSnapshot = 2000;
    await conductor.compact();
    expect(journal.snapshots).toHaveLength(1);
  });

  it('compacts before it closes, with all that was dispatched', async () => {
    journal.bytesSinceSnapshot = 2 * 2 ** 20;
    conductor.dispatch('e1');
    const closed = conductor.close();
    await turn();
    journal.commits[0]?.resolve();
    await closed;
    expect(journal.snapshots).toEqual([1]);
  });

  it('ends a snapshot that could not be begun', async () => {
    const machine = new FakeMachine();
    let ended = 0;
    const parts = Object.assign([1], { return: () => ended++ });
    machine.dump = () => parts;
    conductor = new Conductor({
      service: 'pilots-1',
      machine,
      journal,
      log: silentLog,
      publish: () => undefined,
      perform: () => undefined,
    });
    journal.bytesSinceSnapshot = 20 * 2 ** 20;
    journal.snapshot = () => Promise.reject(full);
    await conductor.compact();
    expect(ended).toBe(1);
  });

  it('closes all the same when no snapshot can be taken', async () => {
    journal.bytesSinceSnapshot = 2 * 2 ** 20;
    journal.snapshot = () => Promise.reject(full);
    await conductor.close();
  });

  it('closes when all is settled, and then refuses', async () => {
    conductor.dispatch('e1');
    const closed = conductor.close();
    await turn();
    journal.commits[0]?.resolve();
    await closed;
    expect(seen).toEqual(['e1', '!e1']);
    expect(() => conductor.dispatch('e2')).toThrow(
      "the service is closed (pilots-1); open it again with open({ id: 'pilots-1' })",
    );
  });
});

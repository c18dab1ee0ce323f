/** What the observables promise, seen over many units that run for real. */
import { WORK_UNIT_TRANSITIONS, type WorkUnitEvent } from '@pstar/core';
import { describe, expect, it } from 'vitest';
import { openRunningWorld, openWorld, reached, shell, textOf } from './fixture.ts';

describe('events$', () => {
  it('carries every transition of every unit exactly once and in order', async () => {
    const { work, pilots } = await openWorld();
    const events: WorkUnitEvent[] = [];
    work.events$.subscribe((event) => events.push(event));
    await pilots.create('local://', { totalCpuCount: 4 });
    const units = await work.submit(
      Array.from({ length: 300 }, (_, i) => ({
        ...shell(i % 10 === 0 ? 'test $PSTAR_ATTEMPT = 2' : 'true'),
        retries: 1,
        name: `u${i}`,
        ...(i % 7 === 6 && { dependsOn: `u${i - 1}` }),
      })),
    );
    await work.wait();
    const states = new Map(units.map((unit) => [unit.id, 'New' as WorkUnitEvent['state']]));
    for (const { unitId, from, state } of events) {
      expect(states.get(unitId)).toBe(from);
      expect(WORK_UNIT_TRANSITIONS[from]).toContain(state);
      states.set(unitId, state);
    }
    expect(new Set(states.values())).toEqual(new Set(['Done']));
    expect(work.statistics).toMatchObject({ total: 300, finished: 300, byState: { Done: 300 } });
  });

  it('goes on for all when one subscriber throws', async () => {
    const { work } = await openRunningWorld();
    const seen: string[] = [];
    work.events$.subscribe(() => {
      throw new Error('a slip in a progress bar');
    });
    work.events$.subscribe(({ state }) => seen.push(state));
    await (await work.submit({ executable: '/bin/true' })).result();
    expect(seen).toEqual(['Pending', 'Scheduled', 'Running', 'Done']);
  });
});

describe('state$', () => {
  it('begins with the present state, goes through the table, and completes', async () => {
    const { work } = await openRunningWorld();
    const unit = await work.submit(shell('exit 0'));
    const seen: string[] = [];
    await new Promise<void>((resolve) =>
      unit.state$.subscribe({ next: (state) => seen.push(state), complete: resolve }),
    );
    for (let i = 1; i < seen.length; i++) {
      expect(WORK_UNIT_TRANSITIONS[seen[i - 1] as 'New']).toContain(seen[i]);
    }
    expect(seen.at(-1)).toBe('Done');
  });

  it('completes without a final state when its service is closed', async () => {
    const { work } = await openWorld();
    const unit = await work.submit({ executable: '/bin/true' });
    const seen: string[] = [];
    unit.state$.subscribe({
      next: (state) => seen.push(state),
      complete: () => seen.push('complete'),
    });
    const finished = unit.finished().catch((error: unknown) => String(error));
    await work.close();
    expect(seen).toEqual(['Pending', 'complete']);
    expect(await finished).toContain('closed');
  });
});

describe('stdout$', () => {
  it('completes for units that are canceled while they wait at an agent', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 1 });
    const running = await work.submit(shell('echo begun; sleep 600'));
    const queued = await work.submit(shell('echo never'));
    const promised = await work.submit({ ...shell('echo never'), dependsOn: [running] });
    const outputs = [running, queued, promised].map((unit) => textOf(unit.stdout$));
    await Promise.all([reached(running, 'Running'), reached(queued, 'Scheduled')]);
    await queued.cancel();
    await running.cancel();
    expect(await Promise.all(outputs)).toEqual(['begun\n', '', '']);
  });

  it('is there of more units than a thousand that have ended', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 2 });
    const units = await work.submit(
      Array.from({ length: 1100 }, (_, i) => ({ executable: '/bin/echo', arguments: [i] })),
    );
    const silent = await work.submit({ executable: '/bin/true' });
    await work.wait();
    const said = await Promise.all(units.map((unit) => textOf(unit.stdout$)));
    expect(said).toEqual(units.map((_, i) => `${i}\n`));
    expect(await textOf(silent.stdout$)).toBe('');
  });

  it('says of output that is gone that it is not kept, and what would help', async () => {
    const { work, pilot } = await openRunningWorld({ totalCpuCount: 1 });
    const removed = await work.submit({ ...shell('echo in a file; rm out'), output: 'out' });
    const units = [
      await work.submit(shell('echo said')),
      await work.submit(shell('true')),
      removed,
    ];
    await work.wait();
    const lost = { code: 'NOT_FOUND' };
    await expect(textOf(removed.stdout$)).rejects.toMatchObject({
      ...lost,
      subject: removed.id,
      hint: 'look for the file that its output names, out',
    });
    expect(await Promise.all(units.slice(0, 2).map((unit) => textOf(unit.stdout$)))).toEqual([
      'said\n',
      '',
    ]);
    await pilot.cancel();
    await pilot.finished();
    const never = await work.submit(shell('echo never'));
    await never.cancel();
    expect(await textOf(never.stdout$)).toBe('');
    for (const unit of units) {
      const problem = 'its standard output is not kept: its agent is gone';
      await expect(textOf(unit.stdout$)).rejects.toMatchObject({ ...lost, problem });
    }
    await work.close();
    expect(await textOf(never.stdout$)).toBe('');
    await expect(textOf(removed.stdout$)).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
  });

  it('completes, without an error, for whoever watches a unit that ends with its pilot', async () => {
    const { work, pilot } = await openRunningWorld({ totalCpuCount: 1 });
    const unit = await work.submit({
      ...shell('echo begun; sleep 600'),
      restartOnPilotLoss: false,
    });
    let seen = '';
    const watched = new Promise<void>((resolve, reject) =>
      unit.stdout$.subscribe({
        next: (chunk) => {
          seen += Buffer.from(chunk).toString();
        },
        complete: resolve,
        error: reject,
      }),
    );
    await expect.poll(() => seen).toBe('begun\n');
    await Promise.all([expect(watched).resolves.toBeUndefined(), pilot.cancel()]);
    expect(unit.state).not.toBe('Done');
  });
});

describe('services', () => {
  it('are many to many', async () => {
    const first = await openRunningWorld({ totalCpuCount: 2 });
    const second = await openRunningWorld({ totalCpuCount: 2 });
    first.work.add(second.pilots);
    second.work.add(first.pilots);
    const mine = await first.work.submit(Array.from({ length: 50 }, () => shell('sleep 0.01')));
    const theirs = await second.work.submit(Array.from({ length: 50 }, () => shell('sleep 0.01')));
    await Promise.all([first.work.wait(), second.work.wait()]);
    for (const units of [mine, theirs]) {
      expect(new Set(units.map((unit) => unit.state))).toEqual(new Set(['Done']));
      expect(new Set(units.map((unit) => unit.pilotJob?.id)).size).toBe(2);
    }
  });

  it('that are removed finish what they have and get no more', async () => {
    const first = await openRunningWorld({ totalCpuCount: 1 });
    const second = await openRunningWorld({ totalCpuCount: 1 });
    const { work } = first;
    const before = await work.submit(shell('sleep 0.3'));
    await reached(before, 'Running');
    work.remove(first.pilots);
    expect(work.pilotJobServices).toEqual([]);
    const after = await work.submit(shell('true'));
    await before.result();
    expect(after.state).toBe('Pending');
    work.add(second.pilots);
    await after.result();
    expect(after.pilotJob?.id).toBe(second.pilot.id);
    work.add(first.pilots);
    const back = await work.submit({ ...shell('true'), pilotJob: first.pilot });
    await back.result();
  });

  it('bind a unit to the pilot that it names', async () => {
    const { work, pilots, pilot } = await openRunningWorld({ totalCpuCount: 2 });
    const other = await pilots.create('local://', { totalCpuCount: 2 });
    const units = await work.submit(
      Array.from({ length: 20 }, () => ({ executable: '/bin/true', pilotJob: other })),
    );
    await work.wait();
    expect(new Set(units.map((unit) => unit.pilotJob?.id))).toEqual(new Set([other.id]));
    expect(pilot.id).not.toBe(other.id);
  });
});

import { describe, expect, it } from 'vitest';
import { GrowingUint32 } from '../../../src/manager/growing.ts';
import { pushRange } from '../../../src/manager/packed-moves.ts';
import { STATE } from '../../../src/manager/state-numbers.ts';
import type { WorkUnitState } from '../../../src/model/work-unit-state.ts';
import { type Onlooker, VisibleUnits } from '../../../src/service/units/visible-units.ts';

const move = (unit: number, state: WorkUnitState) => unit * 16 + STATE[state];

const looking = (moved: Onlooker['moved']): Onlooker => ({ looks: () => true, moved });

function units(count: number): VisibleUnits {
  const visible = new VisibleUnits();
  visible.grow(count);
  return visible;
}

describe('visible units', () => {
  it('begin as New and follow the moves', () => {
    const visible = units(2);
    const seen: string[] = [];
    visible.show(
      [move(0, 'Pending'), move(1, 'Waiting'), move(0, 'Scheduled')],
      looking((unit, from, to) => seen.push(`${unit} ${from}>${to}`)),
    );
    expect(visible.state(0)).toBe('Scheduled');
    expect(visible.state(1)).toBe('Waiting');
    expect(seen).toEqual(['0 0>2', '1 0>1', '0 2>3']);
    expect(visible.counts.slice(0, 4)).toEqual([0, 1, 0, 1]);
  });

  it('are shown in ranges where they come into being alike', () => {
    const visible = units(5);
    const list = new GrowingUint32();
    pushRange(list, 1, 3, STATE.Pending);
    const seen: string[] = [];
    visible.show(
      [...list.take(), move(2, 'Scheduled')],
      looking((unit, from, to) => seen.push(`${unit} ${from}>${to}`)),
    );
    expect(seen).toEqual(['1 0>2', '2 0>2', '3 0>2', '2 2>3']);
    expect(visible.counts.slice(0, 4)).toEqual([2, 0, 2, 1]);
    expect(visible.state(3)).toBe('Pending');
  });

  it('are told of in ranges to those who watch them already', () => {
    const visible = units(4);
    const lists = [new GrowingUint32(), new GrowingUint32()];
    pushRange(lists[0] as GrowingUint32, 0, 2, STATE.Pending);
    pushRange(lists[1] as GrowingUint32, 2, 2, STATE.Pending);
    const told: string[] = [];
    // Somebody who hears of the first looks at the last at once.
    visible.show(
      [...lists.flatMap((list) => [...list.take()]), move(3, 'Canceled')],
      looking((unit) => {
        if (unit === 0) visible.states$(3).subscribe((state) => told.push(state));
      }),
    );
    expect(told).toEqual(['New', 'Pending', 'Canceled']);
    expect(visible.counts[STATE.Pending]).toBe(3);
  });

  it('are heard of from the move on at which somebody begins to look', () => {
    const visible = units(6);
    const list = new GrowingUint32();
    pushRange(list, 4, 2, STATE.Pending);
    const seen: string[] = [];
    let looks = false;
    visible.states$(1).subscribe((state) => {
      looks = state === 'Pending';
    });
    visible.show([move(0, 'Pending'), move(1, 'Pending'), move(2, 'Pending'), ...list.take()], {
      looks: () => looks,
      moved: (unit, from, to) => seen.push(`${unit} ${from}>${to}`),
    });
    expect(seen).toEqual(['1 0>2', '2 0>2', '4 0>2', '5 0>2']);
  });

  it('follow the moves also when somebody who is told of one has room made for more', () => {
    const visible = units(3);
    visible.states$(0).subscribe(() => visible.prepare(5000));
    visible.show(
      [move(0, 'Pending'), move(1, 'Pending')],
      looking(() => visible.prepare(50_000)),
    );
    visible.show([move(2, 'Pending')]);
    expect([0, 1, 2].map((unit) => visible.state(unit))).toEqual(Array(3).fill('Pending'));
  });

  it('keep their states when the table grows', () => {
    const visible = units(1);
    visible.show([move(0, 'Pending')]);
    visible.grow(5000);
    expect(visible.state(0)).toBe('Pending');
    expect(visible.state(4999)).toBe('New');
    expect(visible.counts[0]).toBe(4999);
  });

  it('replay the present state to a subscriber and complete after a final one', () => {
    const visible = units(1);
    visible.show([move(0, 'Pending')]);
    const seen: string[] = [];
    visible.states$(0).subscribe({
      next: (state) => seen.push(state),
      complete: () => seen.push('complete'),
    });
    visible.show([move(0, 'Scheduled'), move(0, 'Running'), move(0, 'Done')]);
    expect(seen).toEqual(['Pending', 'Scheduled', 'Running', 'Done', 'complete']);
    const late: string[] = [];
    visible.states$(0).subscribe({
      next: (state) => late.push(state),
      complete: () => late.push('complete'),
    });
    expect(late).toEqual(['Done', 'complete']);
  });

  it('tell each subscriber on its own, also one that leaves in between', () => {
    const visible = units(1);
    const stays: string[] = [];
    const leaves: string[] = [];
    visible.states$(0).subscribe((state) => stays.push(state));
    const subscription = visible.states$(0).subscribe((state) => leaves.push(state));
    visible.show([move(0, 'Pending')]);
    subscription.unsubscribe();
    visible.show([move(0, 'Canceled')]);
    expect(stays).toEqual(['New', 'Pending', 'Canceled']);
    expect(leaves).toEqual(['New', 'Pending']);
  });

  it('settle whoever waits for one unit, and for all up to a number', async () => {
    const visible = units(3);
    let all = false;
    const waiting = visible.allFinal(2).then(() => {
      all = true;
    });
    const one = visible.final(1);
    visible.show([move(1, 'Canceled')]);
    await one;
    expect(all).toBe(false);
    visible.show([move(0, 'Canceled')]);
    await waiting;
    expect(visible.finished).toBe(2);
    await expect(visible.final(0)).resolves.toBeUndefined();
    await expect(visible.allFinal(2)).resolves.toBeUndefined();
  });

  it('complete streams and refuse whoever waits when they are released', async () => {
    const visible = units(1);
    let completed = false;
    visible.states$(0).subscribe({ complete: () => (completed = true) });
    const one = visible.final(0);
    const all = visible.allFinal(1);
    visible.release(new Error('closed'));
    await expect(one).rejects.toThrow('closed');
    await expect(all).rejects.toThrow('closed');
    expect(completed).toBe(true);
  });

  it('do the same to whoever comes after that, and still tell what is final', async () => {
    const visible = units(2);
    visible.show([move(0, 'Done')]);
    visible.release(new Error('closed'));
    await expect(visible.final(0)).resolves.toBeUndefined();
    await expect(visible.final(1)).rejects.toThrow('closed');
    await expect(visible.allFinal(1)).resolves.toBeUndefined();
    await expect(visible.allFinal(2)).rejects.toThrow('closed');
    const seen: string[] = [];
    visible
      .states$(1)
      .subscribe({ next: (state) => seen.push(state), complete: () => seen.push('complete') });
    expect(seen).toEqual(['New', 'complete']);
  });
});

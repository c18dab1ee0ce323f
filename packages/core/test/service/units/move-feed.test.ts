import { describe, expect, it } from 'vitest';
import { MoveFeed } from '../../../src/service/units/move-feed.ts';

const text = (unit: number, from: number, to: number, at: number) => `${unit} ${from}>${to} ${at}`;

describe('a feed of moves', () => {
  it('tells each who listens of every move from then on, in order', () => {
    const feed = new MoveFeed();
    const moves$ = feed.as(text);
    const first: string[] = [];
    const second: string[] = [];
    expect(feed.isHeard).toBe(false);
    const subscription = moves$.subscribe((move) => first.push(move));
    feed.tell(7, 2, 3, 10);
    moves$.subscribe((move) => second.push(move));
    feed.tell(8, 2, 3, 11);
    subscription.unsubscribe();
    feed.tell(7, 3, 4, 12);
    expect(first).toEqual(['7 2>3 10', '8 2>3 11']);
    expect(second).toEqual(['8 2>3 11', '7 3>4 12']);
    expect(feed.isHeard).toBe(true);
  });

  it('lets those who are told of a move come and go', () => {
    const feed = new MoveFeed();
    const moves$ = feed.as(text);
    const told: string[] = [];
    const leaving = moves$.subscribe(() => {
      leaving.unsubscribe();
      moves$.subscribe((move) => told.push(`late ${move}`));
    });
    moves$.subscribe((move) => told.push(move));
    feed.tell(0, 0, 2, 1);
    feed.tell(0, 2, 3, 2);
    expect(told).toEqual(['0 0>2 1', '0 2>3 2', 'late 0 2>3 2']);
  });

  it('completes for all who listen and who come later, and is heard by nobody then', () => {
    const feed = new MoveFeed();
    let completed = 0;
    const count = { complete: () => completed++ };
    feed.as(text).subscribe(count);
    feed.as(text).subscribe(count);
    feed.complete();
    feed.as(text).subscribe(count);
    expect(completed).toBe(3);
    expect(feed.isHeard).toBe(false);
  });
});

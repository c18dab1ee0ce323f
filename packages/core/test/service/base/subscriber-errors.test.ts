import { describe, expect, it } from 'vitest';
import { subscriberErrors } from '../../../src/service/base/subscriber-errors.ts';

function setup() {
  const told: string[] = [];
  return { told, report: subscriberErrors((words) => told.push(words)) };
}

describe('errors of subscribers', () => {
  it('are told with where they were thrown', () => {
    const { told, report } = setup();
    report(new TypeError('mine'));
    report('mine');
    expect(told[0]).toMatch(
      /^a subscriber has thrown TypeError: mine\n +at .*subscriber-errors\.test\.ts/,
    );
    expect(told[1]).toBe("a subscriber has thrown 'mine'");
  });

  it('are written out the first times of each place, and then counted', () => {
    const { told, report } = setup();
    const slip = (n: number) => new Error(`unit ${n}`);
    for (let n = 1; n <= 12_345; n++) report(slip(n));
    const counted = told.map((words) => words.split('\n')[0]);
    expect(counted).toEqual([
      'a subscriber has thrown Error: unit 1',
      'a subscriber has thrown Error: unit 2',
      'a subscriber has thrown Error: unit 3',
      'subscribers have thrown 10 times by now, last Error: unit 10',
      'subscribers have thrown 100 times by now, last Error: unit 100',
      'subscribers have thrown 1000 times by now, last Error: unit 1000',
      'subscribers have thrown 10000 times by now, last Error: unit 10000',
    ]);
    expect(told[2]).toMatch(/; from here on it is only counted$/);
    report(new Error('elsewhere'));
    expect(told.at(-1)).toMatch(/^a subscriber has thrown Error: elsewhere\n/);
  });
});

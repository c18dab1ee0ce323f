import { describe, expect, it } from 'vitest';
import { retryDelay } from '../../src/manager/templates.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { WorkWorld } from '../support/work-world.ts';

const EXIT_CODE = FAILURE_REASONS.indexOf('EXIT_CODE');

describe('the delay before a retry', () => {
  it('is doubled each time where it is to grow', () => {
    const rule = { limit: 3, delayMs: 500, exponential: true };
    expect([0, 1, 2, 3].map((retried) => retryDelay(rule, retried, EXIT_CODE))).toEqual([
      500,
      1000,
      2000,
      undefined,
    ]);
  });

  it.each([
    { limit: 9, delayMs: 1e14, exponential: true },
    { limit: 9, delayMs: 1e303, exponential: false },
  ])('ends at a time that can be written down: %j', (rule) => {
    const at = new Date(Date.UTC(2026, 0, 1) + (retryDelay(rule, 8, EXIT_CODE) as number));
    expect(at.toISOString()).toMatch(/^5194-/);
  });
});

describe('the classes that wait', () => {
  it('are those with pending units, and others are not looked at again', () => {
    const world = new WorkWorld();
    world.submit({ priority: 1 }, { priority: 2 }, { priority: 3 });
    const { templates } = world.state;
    const [first] = templates.classes;
    world.handle({ type: 'cancel', now: 0, units: [0], why: '' });
    expect(templates.waiting().map(({ priority }) => priority)).toEqual([2, 3]);
    const looks: string[] = [];
    Object.defineProperty(first, 'pending', { get: () => looks.push('look'), configurable: true });
    expect(templates.waiting()).toHaveLength(2);
    expect(templates.areWaiting).toBe(true);
    expect(looks).toEqual([]);
    delete (first as { pending?: number }).pending;
    world.submit({ priority: 1 });
    expect(templates.waiting().map(({ priority }) => priority)).toEqual([2, 3, 1]);
  });
});

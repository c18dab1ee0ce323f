/** Plans that have failed once, or that show one thing well: they must not fail again. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Plan, planOf, shrink } from './plan.ts';
import { simulatePlan } from './simulate.ts';

const KEPT = new URL('kept/', import.meta.url);

describe('a plan that has failed once', () => {
  it.each(readdirSync(KEPT))('%s: does not fail', async (name) => {
    const plan = JSON.parse(readFileSync(new URL(name, KEPT), 'utf8')) as Plan;
    await simulatePlan(plan);
  });
});

describe('shrinking', () => {
  it('leaves the few steps that it takes to fail', async () => {
    const plan = planOf(969);
    const kinds = plan.steps.map(({ what }) => what);
    expect(new Set(kinds).size).toBeGreaterThan(8);
    // It fails when something is submitted and the manager is stopped some time later.
    let tries = 0;
    const least = await shrink(plan, async ({ steps }) => {
      tries++;
      const submitted = steps.findIndex(({ what }) => what === 'submit');
      return submitted >= 0 && steps.slice(submitted).some(({ what }) => what === 'stop manager');
    });
    expect(least.steps.map(({ what }) => what)).toEqual(['submit', 'stop manager']);
    expect(tries).toBeLessThan(300);
  });
});

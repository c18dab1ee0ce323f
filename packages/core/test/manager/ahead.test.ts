import { expect, it } from 'vitest';
import { AHEAD_MS, Ahead } from '../../src/manager/ahead.ts';
import { WorkWorld } from '../support/work-world.ts';

it('agents are to have enough for some standstills, as long as those are not long ago', () => {
  const ahead = new Ahead();
  expect(ahead.ms(0)).toBe(AHEAD_MS);
  ahead.stoodStill(2_000, 10_000);
  ahead.stoodStill(400, 20_000);
  expect(ahead.ms(20_000)).toBe(AHEAD_MS + 8_000);
  expect(ahead.ms(90_000)).toBe(AHEAD_MS);
  ahead.stoodStill(28_800_000, 100_000);
  expect(ahead.ms(100_000)).toBe(60_000);
});

it('a program that stood still gives more to agents that had enough until then', () => {
  const world = new WorkWorld();
  const unit = { estimatedRunTime: 0.1 };
  world.submit(...Array.from({ length: 1000 }, () => unit));
  world.join('a');
  const place = world.state.places.at(0);
  // Four cores for two seconds, and what runs.
  expect(place.boundCount).toBe(84);
  world.handle({ type: 'stood-still', now: world.now, ms: 2_000 });
  expect(place.boundCount).toBe(404);
});

/** What becomes of maps that may run on one pilot alone. */
import { expect, it, vi } from 'vitest';
import { doubled, numbers, openWorld } from './map-world.ts';

it('a map fails when the one pilot that it may run on is over, and waits for one that may come', async () => {
  const world = await openWorld();
  world.agent('other');
  const all = world.double(numbers(10), { pilotJob: 'pilot-of-a', name: 'pinned', batch: 2 }).all();
  all.catch(() => {});
  await expect.poll(() => world.core.visible.size).toBe(1);
  world.pilots.set('pilot-of-a', { state: 'Running', stateDetail: '' });
  world.core.pilotsChanged();
  expect(world.core.visible.finished).toBe(0);
  world.pilots.set('pilot-of-a', { state: 'Done', stateDetail: 'it was idle' });
  world.core.pilotsChanged();
  const refusal = {
    code: 'WRONG_STATE',
    message:
      'pilot pilot-of-a is Done: it was idle (pilotJob); name another pilot, or leave pilotJob out',
  };
  await expect(all).rejects.toMatchObject(refusal);
  expect(await world.ends()).toEqual({ done: 0, canceled: 1 });
  await expect(
    world.double(numbers(10), { pilotJob: 'pilot-of-a', name: 'pinned' }).all(),
  ).rejects.toMatchObject(refusal);
  // What is done already needs no pilot.
  expect(await world.double(numbers(10), { name: 'pinned' }).all()).toEqual(doubled(10));
  const done = world.double(numbers(10), { pilotJob: 'pilot-of-a', name: 'pinned' });
  expect(await done.all()).toEqual(doubled(10));
});

it('a map by name needs no pilot for what is done, though a unit of an earlier life is left', async () => {
  const world = await openWorld();
  world.agent('a');
  const options = { pilotJob: 'pilot-of-a', name: 'pinned' };
  expect(await world.double(numbers(10), options).all()).toEqual(doubled(10));
  await world.ends();
  // As if there had been a crash before it was told that its map is over.
  const first = world.core.visible.size;
  const submission = { first, count: 1, templates: [], runs: [0, 1] };
  world.core.dispatch({ type: 'submit', now: 0, submission });
  world.pilots.set('pilot-of-a', { state: 'Canceled', stateDetail: '' });
  expect(await world.double(numbers(10), options).all()).toEqual(doubled(10));
  await world.core.visible.allFinal(first + 1);
  await expect(world.double(numbers(11), options).all()).rejects.toMatchObject({
    code: 'WRONG_STATE',
  });
});

it('a map fails when its one pilot ends just while its first unit is submitted', async () => {
  const world = await openWorld();
  world.agent('other');
  const asked = vi.spyOn(world.pilots, 'get').mockImplementationOnce(() => {
    queueMicrotask(() => {
      world.pilots.set('pilot-of-a', { state: 'Failed', stateDetail: '' });
      world.core.pilotsChanged();
    });
    return undefined;
  });
  const all = world.double(numbers(10), { pilotJob: 'pilot-of-a' }).all();
  await expect(all).rejects.toMatchObject({ code: 'WRONG_STATE' });
  expect(asked).toHaveBeenCalled();
  await world.ends();
});

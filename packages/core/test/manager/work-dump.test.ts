import { expect, it } from 'vitest';
import { WorkWorld } from '../support/work-world.ts';

it('a dump that is taken in turn may be left at any part of it', () => {
  const world = new WorkWorld();
  world.submit({}, {});
  const { manager, state } = world;
  const parts = manager.dump().length;
  expect([...manager.dumpInTurn()]).toEqual(manager.dump());
  for (let taken = 0; taken <= parts; taken++) {
    const inTurn = manager.dumpInTurn();
    for (let i = 0; i < taken; i++) expect(inTurn.next().done).toBe(false);
    inTurn.return();
    expect(state.units.isDumping).toBe(false);
    expect(inTurn.next().done).toBe(true);
  }
  // As whoever writes a snapshot leaves it when the disk is full.
  for (const part of manager.dumpInTurn()) {
    expect(part.type).toBe('at');
    break;
  }
  expect(state.units.isDumping).toBe(false);
});

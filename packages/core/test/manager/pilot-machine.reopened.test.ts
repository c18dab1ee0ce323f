import { beforeEach, describe, expect, it } from 'vitest';
import { PilotWorld } from './pilot-world.ts';

describe('a pilot machine, reopened', () => {
  let world: PilotWorld;
  beforeEach(() => {
    world = new PilotWorld();
  });

  it('settles a submission that a crash has left open', () => {
    world.create().done();
    world.tell({ type: 'reopened' });
    expect(world.done()).toEqual([{ type: 'settle-submission', pilot: 'p', round: 1 }]);
  });

  it('holds every agent for silent until it is back', () => {
    world.running().done();
    world.tell({ type: 'reopened' });
    expect(world.state).toBe('Unknown');
    expect(world.done().map(({ type }) => type)).toEqual(['watch-native', 'remind']);
    world.join();
    expect(world.state).toBe('Running');
  });

  it('gives up an agent that was faster than its acceptance, and does not come back', () => {
    world.create().join().done();
    world.tell({ type: 'reopened' });
    expect(world.effects.map(({ type }) => type)).toEqual(['settle-submission', 'remind']);
    world.remind('fence-due').remind('fence-due');
    const gone = expect.objectContaining({ type: 'agent-gone', agent: 'a' });
    expect(world.done()).toContainEqual(gone);
  });

  it('goes on with a cancellation', () => {
    world.running().cancel().done();
    world.tell({ type: 'reopened' });
    world.remind('grace-due');
    expect(world.done().at(-1)?.type).toBe('cancel-native');
  });

  it('gives the agent its time again, though not to a pilot that still waits', () => {
    world.create().accept().done();
    world.tell({ type: 'reopened' });
    expect(world.done().map(({ type }) => type)).toEqual(['watch-native']);
    world.native('Running').done();
    world.tell({ type: 'reopened' });
    expect(world.done().map(({ type }) => type)).toEqual(['watch-native', 'remind']);
  });

  it('has the native job of a failed pilot ended all the same', () => {
    world.create().accept().native('Running').remind('registration-due').done();
    world.tell({ type: 'reopened' });
    world.remind('grace-due');
    expect(world.done().at(-1)?.type).toBe('cancel-native');
  });
});

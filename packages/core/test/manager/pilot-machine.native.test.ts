import { beforeEach, describe, expect, it } from 'vitest';
import { PilotWorld, plan } from './pilot-world.ts';

describe('PilotMachine hears of a pilot', () => {
  let world: PilotWorld;
  beforeEach(() => {
    world = new PilotWorld();
  });

  describe('whose native job is forgotten by the resource manager', () => {
    const over = 'forgotten by slurm: UNKNOWN';

    it('goes on while an agent reports, or may come back', () => {
      world.running().native('Unknown').forgotten();
      expect(world.state).toBe('Running');
      world.silent().forgotten();
      expect(world.state).toBe('Unknown');
      world.join().forgotten();
      expect(world.moves.at(-1)).toBe('Running: slurm: UNKNOWN');
    });

    it('ends as its last agent did', () => {
      world.running().native('Unknown').bye('time-limit').forgotten();
      expect(world.moves.at(-1)).toBe('Done: its time limit was reached');
      expect(world.done()).toContainEqual({ type: 'unwatch-native', pilot: 'p', nativeId: '17' });
    });

    it('fails when its agents are lost', () => {
      world.running().native('Unknown').silent();
      world.remind('fence-due').forgotten();
      expect(world.pilot?.native.phase).toBe('live');
      world.remind('fence-due').forgotten();
      expect(world.pilot?.native).toMatchObject({ phase: 'over', report: { detail: over } });
      expect(world.state).toBe('Failed');
    });

    it('fails without any', () => {
      world.create().accept().native('Unknown').forgotten();
      expect(world.moves.at(-1)).toBe(
        `Failed: it ended before its agent had registered; slurm: ${over}`,
      );
    });

    it('is canceled if it was to be', () => {
      world.create().accept().native('Unknown').cancel().forgotten();
      expect(world.moves.at(-1)).toBe('Canceled: canceled');
    });

    it('is submitted anew if it was to be', () => {
      world.create().accept().native('Unknown').tell({ type: 'reinitialize', pilot: 'p', plan });
      world.forgotten();
      expect(world.done()).toContainEqual({ type: 'submit', pilot: 'p', round: 2 });
    });

    it('counts only while nothing else is known', () => {
      world.create().accept().native('Unknown').native('Pending').forgotten();
      world.forgotten('16');
      expect(world.state).toBe('Pending');
    });
  });

  describe('whose native job is said to be over while its agent is there', () => {
    const gone = { type: 'agent-gone', agent: 'a' } as const;
    const told = { type: 'end-agent', agent: 'a', graceMs: 0 } as const;
    const asked = { type: 'watch-native', pilot: 'p' } as const;

    it('has the agent ended at once, and gives back nothing until that has said so', () => {
      world.running().done();
      world.native('Failed', 'NODE_FAIL');
      expect(world.state).toBe('Running');
      expect(world.pilot?.detail).toContain('as slurm calls its native job Failed (NODE_FAIL)');
      const effects = world.done();
      expect(effects).toContainEqual(expect.objectContaining(told));
      expect(effects).not.toContainEqual(expect.objectContaining(gone));
      world.native('Failed', 'NODE_FAIL').bye('ordered');
      const after = world.done();
      expect(after).toContainEqual(expect.objectContaining({ ...gone, how: 'ended' }));
      expect(after).toContainEqual(asked);
      world.native('Failed', 'NODE_FAIL');
      expect(world.moves.at(-1)).toBe('Failed: slurm: NODE_FAIL');
    });

    it.each(['Done', 'Canceled'] as const)('is %s after that, as was said', (state) => {
      world.running().native(state).bye('ordered').native(state);
      expect(world.state).toBe(state);
    });

    it('waits for the lease when the link of that agent is lost', () => {
      world.running().native('Canceled').silent().done();
      world.native('Canceled');
      expect(world.done()).toEqual([]);
      expect(world.state).toBe('Unknown');
      world.tell({ type: 'fence-due', pilot: 'p', agent: 'a', silence: 1, certain: false });
      expect(world.done()).toContainEqual(expect.objectContaining({ ...gone, how: 'lost' }));
      world.native('Canceled');
      expect(world.state).toBe('Canceled');
    });

    it('ends the agent also when it comes back, and after a crash', () => {
      world.running().native('Done').tell({ type: 'reopened' }).done();
      world.native('Done').join();
      expect(world.done()).toContainEqual(expect.objectContaining(told));
    });

    it('has what is left ended by the resource manager when the agent does not go', () => {
      world.running().native('Done').remind('grace-due');
      const last = world.done().slice(-2);
      expect(last).toEqual([asked, { type: 'cancel-native', pilot: 'p', nativeId: '17' }]);
    });

    it('ends at the end of the lease also what was suspended before', () => {
      world.running().native('Suspended').native('Failed').silent().done();
      world.tell({ type: 'fence-due', pilot: 'p', agent: 'a', silence: 1, certain: false });
      expect(world.done()).toContainEqual(expect.objectContaining({ ...gone, how: 'lost' }));
    });

    it('is not believed either to be back in the queue, and has no second start', () => {
      world.running().native('Failed').silent().native('Pending');
      expect(world.state).toBe('Unknown');
      world.bye('ordered').native('Pending');
      expect(world.effects.at(-1)).toEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
      world.native('Canceled');
      expect(world.state).toBe('Canceled');
    });

    it('starts anew where it was to, with its agents ended', () => {
      world.running().native('Failed');
      world.tell({ type: 'reinitialize', pilot: 'p', plan }).bye('ordered').native('Failed');
      expect(world.effects.at(-1)).toEqual({ type: 'submit', pilot: 'p', round: 2 });
      world.accept('18', 2).native('Running', 'RUNNING', '18').join('b').done();
      expect(world.pilot?.native).not.toHaveProperty('said');
    });

    it('is over as was said when that is forgotten meanwhile', () => {
      world.running().native('Canceled').native('Unknown').bye('ordered').forgotten();
      expect(world.moves.at(-1)).toBe('Canceled: slurm: CANCELED');
    });
  });

  describe('whose native job goes back into the queue', () => {
    it('is Pending, and starts anew with other agents', () => {
      world.running().silent().taken();
      world.native('Pending', 'PENDING (BeginTime)');
      expect(world.taken()).toEqual(['Pending: slurm: PENDING (BeginTime)']);
      expect(world.done()).toContainEqual({
        type: 'agent-gone',
        agent: 'a',
        how: 'vanished',
        detail: 'slurm: PENDING (BeginTime)',
      });
      world.native('Running').join('b');
      expect(world.state).toBe('Running');
      world.bye('time-limit', 'b').native('Done');
      expect(world.moves.at(-1)).toBe('Done: its time limit was reached');
    });

    it('is believed to be there when none of its agents reports any more', () => {
      world.running().native('Pending');
      expect(world.state).toBe('Running');
      expect(world.pilot?.native).toMatchObject({ report: { state: 'Running' } });
      world.silent().native('Pending');
      expect(world.state).toBe('Pending');
    });

    it('is not ended because its earlier agents are', () => {
      world.running().bye('signal').native('Pending', 'PENDING (BeginTime)');
      world.remind('grace-due');
      expect(world.done().map(({ type }) => type)).not.toContain('cancel-native');
      expect(world.state).toBe('Pending');
    });

    it('waits for its agents as it did the first time', () => {
      world.running().silent().native('Pending').native('Running');
      world.remind('registration-due');
      expect(world.state).toBe('Failed');
    });

    it('is ended if it was to be', () => {
      world.running().cancel().silent().done();
      world.native('Pending');
      expect(world.done()).toContainEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
    });

    it('is looked at as soon as an agent is there, so that this can be seen', () => {
      world.create().accept().done();
      world.join();
      expect(world.done()).toContainEqual({ type: 'watch-native', pilot: 'p' });
    });
  });

  it('says early that it will not run as it stands', () => {
    const hint = 'ask for at most 2h';
    const detail = 'PENDING (PartitionTimeLimit)';
    const report = { id: '17', state: 'Pending', detail, hint } as const;
    world.create().accept().tell({ type: 'native', pilot: 'p', report });
    expect(world.moves.at(-1)).toBe(
      `Pending: slurm: PENDING (PartitionTimeLimit); it will not run as it stands: ${hint}`,
    );
  });
});

it('is done when others end it, its agent having handed back all, and says how they tell of it', () => {
  const ended = new PilotWorld()
    .running()
    .bye('signal')
    .native('Failed', 'FAILED, ended by SIGKILL');
  expect(ended.moves.at(-1)).toBe(
    'Done: told by a signal to end, it handed back what it held; slurm: FAILED, ended by SIGKILL',
  );
  const idle = new PilotWorld().running().bye('idle').native('Failed', 'FAILED, exit code 1');
  expect(idle.moves.at(-1)).toBe('Done: it was idle for its idleTimeout');
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { PilotError } from '../../src/model/errors.ts';
import { PilotWorld, plan } from './pilot-world.ts';

describe('PilotMachine', () => {
  let world: PilotWorld;
  beforeEach(() => {
    world = new PilotWorld();
  });

  it('journals the intention before it submits', () => {
    world.create();
    expect(world.events[0]?.type).toBe('pilot-created');
    expect(world.done()).toEqual([{ type: 'submit', pilot: 'p', round: 1 }]);
    expect(world.state).toBe('New');
  });

  it('is Running with its first agent, not when the resource manager says so', () => {
    world.create().accept().native('Pending', 'PENDING (Resources)').native('Running').join();
    expect(world.taken()).toEqual(
      [
        'New: being submitted',
        'Pending: slurm: accepted',
        'Pending: slurm: PENDING (Resources)',
        'Pending: slurm: RUNNING; no agent yet',
        'Running: slurm: RUNNING',
      ].slice(1),
    );
  });

  it('leaves nothing behind when it is refused', () => {
    world.create().tell({ type: 'refused', pilot: 'p', round: 1, problem: 'invalid partition' });
    expect(world.pilot).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ problem: 'invalid partition' });
  });

  it('bears an agent that is faster than the acceptance', () => {
    world.create().join();
    expect(world.state).toBe('New');
    world.accept();
    expect(world.taken()).toEqual(['Pending: slurm: accepted', 'Running: slurm: accepted']);
  });

  it('fails when no agent registers in time, and has the native job ended', () => {
    world.create().accept().native('Running').done();
    world.native('Suspended').native('Running');
    world.remind('registration-due');
    expect(world.moves.at(-1)).toBe(
      'Failed: its agent has not registered within 60 s; slurm: RUNNING',
    );
    expect(world.done()).toContainEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
    // Too late: it must not go on without a pilot.
    world.join();
    expect(world.done()).toEqual([expect.objectContaining({ type: 'refuse-agent', agent: 'a' })]);
    world.native('Canceled');
    expect(world.state).toBe('Failed');
  });

  it('counts from the acceptance where the resource manager cannot tell', () => {
    world.create({ registersFrom: 'acceptance' }).accept();
    world.remind('registration-due');
    expect(world.state).toBe('Failed');
  });

  it('is Unknown while it is out of touch, and Running when the agent is back', () => {
    world.running().silent();
    expect(world.taken()).toEqual([
      'Unknown: out of touch with its agent: connection reset; slurm: RUNNING',
    ]);
    world.join();
    expect(world.taken()).toEqual(['Running: slurm: RUNNING']);
    // The reminder of the first silence no longer counts in a second one.
    const first = world.done().find((e) => e.type === 'remind' && e.input.type === 'fence-due');
    world.silent();
    if (first?.type === 'remind') world.tell(first.input);
    expect(world.state).toBe('Unknown');
  });

  it('gives a silent agent up when the native job is over', () => {
    world.running().silent().done();
    world.native('Failed', 'NODE_FAIL');
    expect(world.done()).toEqual([
      { type: 'unwatch-native', pilot: 'p', nativeId: '17' },
      { type: 'agent-gone', agent: 'a', how: 'lost', detail: 'slurm: NODE_FAIL' },
    ]);
    expect(world.moves.at(-1)).toBe('Failed: slurm: NODE_FAIL');
  });

  it('has the native job of a fenced agent ended, and gives the agent up with that', () => {
    world.running().silent().done();
    world.native('Running', 'RUNNING on n1');
    world.tell({ type: 'fence-due', pilot: 'p', agent: 'a', silence: 1, certain: false });
    expect(world.state).toBe('Failed');
    expect(world.done().map(({ type }) => type)).toEqual(['remind', 'cancel-native']);
    // Back too late: it has to end.
    world.join();
    expect(world.done()).toEqual([expect.objectContaining({ type: 'refuse-agent' })]);
    world.native('Canceled');
    expect(world.done()).toEqual([
      { type: 'unwatch-native', pilot: 'p', nativeId: '17' },
      expect.objectContaining({ type: 'agent-gone', agent: 'a' }),
    ]);
  });

  it('takes the lease for proof when the resource manager does not answer', () => {
    world.running().silent();
    world.remind('fence-due').done();
    world.tell({ type: 'fence-due', pilot: 'p', agent: 'a', silence: 1, certain: true });
    expect(world.done()).toEqual([
      expect.objectContaining({ type: 'agent-gone', agent: 'a', how: 'lost' }),
    ]);
  });

  it('loses an agent that is seen to be killed before its lease is over, and goes on', () => {
    const world = new PilotWorld().running().join('b').silent('a');
    world.done();
    world.killed('a').killed('a').killed('nobody');
    const detail = 'its agent was killed, and its units were ended with it';
    const gone = { type: 'agent-gone', agent: 'a', how: 'lost', detail };
    expect(world.done()).toEqual([gone, { type: 'watch-native', pilot: 'p' }]);
    expect(world.pilot?.ending).toBeUndefined();
    expect(world.state).toBe('Running');
  });

  it('believes nobody that an agent with a link was killed', () => {
    const world = new PilotWorld().running();
    const before = world.machine.dump();
    world.killed();
    expect(world.machine.dump()).toEqual(before);
  });

  it('takes an agent that never said goodbye for vanished, however well its native job ended', () => {
    world.running().silent().native('Done');
    expect(world.effects).toContainEqual(
      expect.objectContaining({ type: 'agent-gone', agent: 'a', how: 'vanished' }),
    );
  });

  it('has the native job ended of agents that are stopped: they do not hear', () => {
    const canceling = { type: 'cancel-native', pilot: 'p', nativeId: '17' };
    world.running().native('Suspended').done();
    world.tell({ type: 'cancel', pilot: 'p' });
    expect(world.done()).toContainEqual(canceling);
    const later = new PilotWorld().running();
    later.tell({ type: 'cancel', pilot: 'p' });
    expect(later.done()).not.toContainEqual(canceling);
    expect(later.native('Suspended').done()).toContainEqual(canceling);
  });

  it('does not hold a suspended agent for fenced', () => {
    world.running().silent().native('Suspended').done();
    world.tell({ type: 'fence-due', pilot: 'p', agent: 'a', silence: 1, certain: false });
    expect(world.state).toBe('Suspended');
    expect(world.done().map(({ type }) => type)).toEqual(['remind']);
  });

  it('never takes back an agent that was given up', () => {
    world.running().join('b').silent('a');
    world.remind('fence-due').done();
    world.join('a');
    expect(world.done()).toEqual([
      {
        type: 'refuse-agent',
        agent: 'a',
        why: 'given up: out of touch for longer than its lease: connection reset',
      },
    ]);
  });

  it('does not miss an agent that has registered in time', () => {
    world.create().accept().native('Running').join();
    world.remind('registration-due');
    expect(world.state).toBe('Running');
  });

  it('lives on while one of several agents does', () => {
    world.running().join('b').silent('a');
    world.remind('fence-due');
    expect(world.state).toBe('Running');
    world.bye('idle', 'b').native('Failed');
    expect(world.moves.at(-1)).toBe(
      'Done: it was idle for its idleTimeout; 1 of 2 agents were lost',
    );
  });

  describe('gives an agent up whose node the native job has no more', () => {
    const on = (...nodes: string[]) => ({
      type: 'native' as const,
      pilot: 'p',
      report: { id: '17', state: 'Running' as const, detail: `RUNNING on ${nodes}`, nodes },
    });
    const lost = expect.objectContaining({ type: 'agent-gone', agent: 'a', how: 'lost' });
    const host = () => world.pilot?.agents.get('a')?.node.host ?? '';

    it('if it is out of touch, before or after', () => {
      world.running().silent().tell(on(host(), 'other')).done();
      expect(world.pilot?.agents.get('a')?.at.link).toBe('silent');
      expect(world.tell(on('other')).done()).toContainEqual(lost);
    });

    it('and ends with the last of them', () => {
      world.running().silent().tell(on());
      expect(world.state).toBe('Failed');
      expect(world.done()).toContainEqual(expect.objectContaining({ type: 'cancel-native' }));
    });

    it('and not while another node’s agent may come', () => {
      world.running().silent().tell(on('other'));
      expect(world.done()).not.toContainEqual(expect.objectContaining({ type: 'cancel-native' }));
    });

    it('and not while it is in touch', () => {
      world.running().tell(on('other')).join('b');
      expect(world.pilot?.agents.get('a')?.at.link).toBe('connected');
      expect(world.silent().done()).toContainEqual(lost);
      expect(world.state).toBe('Running');
    });
  });

  it('ends as the last of several agents does', () => {
    world
      .running()
      .join('b')
      .bye('failed', 'a', 'the disk is full')
      .bye('idle', 'b')
      .native('Done');
    expect(world.state).toBe('Done');
    world = new PilotWorld();
    world
      .running()
      .join('b')
      .bye('idle', 'b')
      .bye('failed', 'a', 'the disk is full')
      .native('Done');
    expect(world.moves.at(-1)).toBe('Failed: its agent has failed: the disk is full');
    world = new PilotWorld();
    world.running().join('b').bye('idle', 'a').silent('b').native('Failed', 'NODE_FAIL');
    expect(world.moves.at(-1)).toBe('Failed: slurm: NODE_FAIL');
  });

  it.each([
    ['idle', 'Done: it was idle for its idleTimeout'],
    ['time-limit', 'Done: its time limit was reached'],
    ['ordered', 'Done: ended as it was told to'],
    ['signal', 'Done: told by a signal to end, it handed back what it held'],
    ['lease', 'Failed: it was out of touch with its manager for longer than its lease'],
  ] as const)('ends by its own doing: %s', (reason, move) => {
    world.running().bye(reason);
    expect(world.effects.some((e) => e.type === 'agent-gone' && e.how === 'ended')).toBe(true);
    expect(world.state).toBe('Running');
    world.native('Done');
    expect(world.moves.at(-1)).toBe(move);
  });

  it('fails with its agent, and says what that said', () => {
    world.running().bye('failed', 'a', 'no space left').native('Failed');
    expect(world.effects).toContainEqual(
      expect.objectContaining({ type: 'agent-gone', how: 'lost' }),
    );
    expect(world.moves.at(-1)).toBe('Failed: its agent has failed: no space left');
  });

  it('fails when the native job ends before any agent has registered', () => {
    world.create().accept().native('Done', 'COMPLETED');
    expect(world.moves.at(-1)).toBe(
      'Failed: it ended before its agent had registered; slurm: COMPLETED',
    );
  });

  it('has a native job ended that outlives its agents', () => {
    world.running().bye('idle').remind('grace-due');
    expect(world.effects).toContainEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
    world.native('Canceled');
    expect(world.state).toBe('Canceled');
  });

  it('lets a late agent of several work on', () => {
    world.running().bye('idle', 'a').join('b');
    world.remind('grace-due');
    expect(world.effects.some((e) => e.type === 'cancel-native')).toBe(false);
    expect(world.state).toBe('Running');
  });

  describe('cancel', () => {
    it('asks the agents first, then the resource manager', () => {
      world.running().done();
      world.cancel();
      expect(world.done().map(({ type }) => type)).toEqual(['end-agent', 'remind']);
      expect(world.moves.at(-1)).toBe('Running: being canceled; slurm: RUNNING');
      world.bye('ordered');
      expect(world.done().map(({ type }) => type)).toContain('cancel-native');
      world.native('Done');
      expect(world.moves.at(-1)).toBe('Canceled: canceled');
    });

    it('has the native job ended when the agents do not answer', () => {
      world.running().cancel().remind('grace-due');
      expect(world.effects).toContainEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
      world.silent().native('Failed', 'ended by SIGKILL');
      expect(world.state).toBe('Canceled');
      expect(world.effects).toContainEqual(
        expect.objectContaining({ type: 'agent-gone', how: 'vanished' }),
      );
    });

    it('goes straight to the resource manager without an agent', () => {
      world.create().accept().cancel();
      expect(world.effects).toContainEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
    });

    it('reaches a pilot that is being submitted', () => {
      world.create().cancel().accept();
      expect(world.effects).toContainEqual({ type: 'cancel-native', pilot: 'p', nativeId: '17' });
      world.native('Canceled');
      expect(world.state).toBe('Canceled');
    });

    it('is harmless twice, and after the end', () => {
      world.running().cancel().done();
      world.cancel();
      expect(world.done()).toEqual([]);
      world.bye('ordered').native('Done').cancel();
      expect(world.state).toBe('Canceled');
    });

    it('ends an agent that registers meanwhile', () => {
      world.create().accept().cancel().done();
      world.join();
      expect(world.done()).toContainEqual(expect.objectContaining({ type: 'end-agent' }));
    });
  });

  it('calls a cancellation by others what it is', () => {
    world.running().bye('signal').native('Canceled', 'CANCELLED by 0');
    expect(world.moves.at(-1)).toBe('Canceled: slurm: CANCELLED by 0');
  });

  describe('reinitialize', () => {
    const next = { ...plan, description: { totalCpuCount: 8 } };

    it('ends the native job and starts anew under the same id', () => {
      world.running().tell({ type: 'reinitialize', pilot: 'p', plan: next });
      world.bye('ordered').native('Done');
      expect(world.done().at(-1)).toEqual({ type: 'submit', pilot: 'p', round: 2 });
      expect(world.moves.at(-1)).toBe('Pending: being submitted');
      world.accept('18', 2).native('Running', 'RUNNING', '18').join('b');
      expect(world.state).toBe('Running');
      expect(world.pilot?.plan.description).toEqual({ totalCpuCount: 8 });
      // What belonged to the first round says nothing of the second.
      world.native('Failed').silent('a').accept('17', 1);
      expect(world.state).toBe('Running');
    });

    it('fails with the sentence of the refusal', () => {
      world.running().tell({ type: 'reinitialize', pilot: 'p', plan: next });
      world.bye('ordered').native('Done');
      world.tell({ type: 'refused', pilot: 'p', round: 2, problem: 'no such queue' });
      expect(world.moves.at(-1)).toBe('Failed: no such queue');
    });

    it('is taken back by a cancellation', () => {
      world.running().tell({ type: 'reinitialize', pilot: 'p', plan: next });
      world.cancel().bye('ordered').native('Done');
      expect(world.state).toBe('Canceled');
    });

    it('is refused at the end', () => {
      world.running().cancel();
      const again = () => world.tell({ type: 'reinitialize', pilot: 'p', plan: next });
      expect(again).toThrow('the pilot is about to end (p); create another');
      world.native('Done');
      expect(again).toThrow(expect.objectContaining({ code: 'WRONG_STATE' } as PilotError));
    });
  });
});

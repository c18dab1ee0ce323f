import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { PilotRecord } from '../../../src/manager/pilot-record.ts';
import { givenUp, type LostPilot, seenThrough } from '../../../src/service/pilots/cancellation.ts';
import { ManualClock } from '../../agent/manual-clock.ts';
import { PilotWorld } from '../../manager/pilot-world.ts';

/** Whoever waits for one pilot that is to end. */
class World {
  readonly clock = new ManualClock();
  readonly changed$ = new Subject<void>();
  readonly machine = new PilotWorld();
  trouble: string | undefined = 'slurmctld is away';
  result: readonly LostPilot[] | undefined;
  readonly slow: string[] = [];

  begin(...more: Readonly<PilotRecord>[]): this {
    const { clock, changed$ } = this;
    const pilots = () => [...this.machine.machine.pilots.values(), ...more];
    const troubleOf = () => this.trouble;
    const isSlow = ({ id }: Readonly<PilotRecord>) => this.slow.push(id);
    void seenThrough({ clock, changed$, pilots, troubleOf, isSlow }).then((lost) => {
      this.result = lost;
    });
    return this;
  }

  async pass(seconds: number): Promise<void> {
    this.clock.advance(1000 * seconds);
    await Promise.resolve();
  }
}

function canceled(): World {
  const world = new World();
  world.machine.running();
  world.machine.tell({ type: 'cancel', pilot: 'p' });
  return world;
}

it('what nobody can be asked about is given up after half a minute', async () => {
  const world = canceled().begin();
  world.machine.silent();
  await world.pass(29);
  expect(world.result).toBeUndefined();
  await world.pass(1);
  const lost = { id: 'p', rm: 'slurm://', why: 'slurmctld is away', leaseMs: 2_400_000 };
  expect(world.result).toEqual([lost]);
  expect(givenUp('pilots-1', world.result ?? [])).toMatchObject({
    code: 'TIMEOUT',
    message:
      'whether a pilot is over cannot be known: slurmctld is away (p at slurm://); ' +
      "open({ id: 'pilots-1' }) sees it through when it answers again; agents that are still there " +
      'end by themselves after 40 min without their manager',
  });
});

it('an agent that is connected is waited for, and its loss begins the count', async () => {
  const world = canceled().begin();
  await world.pass(100);
  world.machine.silent();
  await world.pass(29);
  expect(world.result).toBeUndefined();
  await world.pass(1);
  expect(world.result).toHaveLength(1);
});

it('a resource manager that answers is waited for, however long it takes', async () => {
  const world = canceled().begin();
  world.machine.silent();
  await world.pass(29);
  world.trouble = undefined;
  await world.pass(1000);
  world.trouble = 'away again';
  await world.pass(29);
  expect(world.result).toBeUndefined();
});

it('a resource manager that does not know either is no more than one that does not answer', async () => {
  const world = canceled().begin();
  world.trouble = undefined;
  world.machine.silent();
  world.machine.native('Unknown', 'dr on n1, which is not heard of');
  await world.pass(29);
  expect(world.result).toBeUndefined();
  await world.pass(1);
  expect(world.result).toMatchObject([{ why: 'slurm: dr on n1, which is not heard of' }]);
});

it('whoever watches is told once what the wait is for', async () => {
  const world = canceled().begin();
  await world.pass(29);
  expect(world.slow).toEqual([]);
  await world.pass(100);
  expect(world.slow).toEqual(['p']);
});

it('while another pilot is about to end, nothing is given up', async () => {
  const other = new PilotWorld().running().machine.pilots.get('p') as PilotRecord;
  const world = canceled().begin({ ...other, id: 'q' });
  world.machine.silent();
  await world.pass(1000);
  expect(world.result).toBeUndefined();
});

it('what is over is waited for no more, nor is anything once its service is closed', async () => {
  const over = canceled().begin();
  over.machine.bye('ordered').native('Canceled');
  over.changed$.next();
  const closed = canceled().begin();
  closed.changed$.complete();
  const late = canceled();
  late.changed$.complete();
  late.begin();
  for (const world of [over, closed, late]) {
    await world.pass(0);
    expect(world.result).toEqual([]);
  }
});

import { describe, expect, it } from 'vitest';
import type { PilotJob } from '../../../src/service/base/pilot-job.ts';
import { StalledWork } from '../../../src/service/units/stalled-work.ts';
import type { WorkCore } from '../../../src/service/units/work-core.ts';
import { ManualClock } from '../../agent/manual-clock.ts';
import { NODE, WorkWorld } from '../../support/work-world.ts';

const pilot = (id: string, state = 'Running', totalCpuCount?: number) =>
  ({ id, state, stateDetail: '', description: { totalCpuCount } }) as unknown as PilotJob;

/** A manager, and what somebody who waits is told of it. */
function stalled(pilots: PilotJob[]) {
  const world = new WorkWorld();
  const said: string[] = [];
  const core = {
    id: 'work',
    clock: new ManualClock(),
    log: { warn: (_: object, message: string) => said.push(message) },
    manager: world.manager,
    visible: { size: 5, finished: 2 },
  } as unknown as WorkCore;
  const work = new StalledWork({ core, pilotJobs: () => pilots });
  return { world, said, work };
}

describe('who waits', () => {
  it('is told once that there is no pilot, until one has come and gone', () => {
    const pilots = [pilot('p1', 'Done')];
    const { said, work } = stalled(pilots);
    for (let times = 0; times < 2; times++) work.look();
    const words = '3 units wait, and there is no pilot to run them: create one';
    expect(said).toEqual([words]);
    pilots.push(pilot('p2'));
    work.look();
    pilots.pop();
    for (let times = 0; times < 2; times++) work.look();
    expect(said).toEqual([words, words]);
  });

  it('is told once of what is too large for every pilot, until another comes', () => {
    const pilots = [pilot('p1')];
    const { world, said, work } = stalled(pilots);
    world.join('p1', { cores: 2 });
    world.submit({ name: 'map score', totalCpuCount: 64 }, {});
    world.submit({ name: 'map score', totalCpuCount: 64 });
    for (let times = 0; times < 3; times++) work.look();
    const words =
      'map score, and 1 more like it, can run on no pilot: wants 64 cores; the largest pilot has 2: ' +
      'create a pilot with at least 64 cores';
    expect(said).toEqual([words]);
    pilots.push(pilot('p2', 'Pending', 128));
    work.look();
    pilots.pop();
    work.look();
    expect(said).toEqual([words, words]);
  });

  it('is told so also before the agents come, where it is known', () => {
    const { world, said, work } = stalled([pilot('p1', 'Pending', 4)]);
    world.submit({ totalCpuCount: 64 });
    work.look();
    expect(said[0]).toContain('can run on no pilot: wants 64 cores; the largest pilot has 4');
  });

  it('is told nothing of what waits for its turn', () => {
    const { world, said, work } = stalled([pilot('p1')]);
    world.join('p1', { cores: 2 });
    world.submit({}, {}, {}, {}, {}, {});
    work.look();
    expect(said).toEqual([]);
  });

  it('is told of what may run on a pilot alone that is over, or not known here', () => {
    const { world, said, work } = stalled([pilot('p1', 'Canceled'), pilot('p2')]);
    world.join('p2');
    world.submit({ pilotJob: 'p1' }, { pilotJob: 'p1' });
    world.submit({ name: 'far', pilotJob: 'p9' });
    for (let times = 0; times < 2; times++) work.look();
    expect(said).toEqual([
      'work.0, and 1 more like it, can run on no pilot: may run on pilot p1 only, which is Canceled: ' +
        'cancel it, and submit it again without pilotJob',
      'far can run on no pilot: may run on pilot p9 only, which is not known here: ' +
        'add the PilotJobService that has p9',
    ]);
  });

  it('is told whose agents have what nobody has opened the service of, and to create no pilot for it', () => {
    const before = new WorkWorld();
    const place = { agentId: 'a', pilotId: 'p7', serviceId: 'pilots-7', node: NODE };
    before.handle({ type: 'agent-joined', now: 0, place, endsAt: undefined, held: undefined });
    before.submit({}, {}, {});
    const { world, said, work } = stalled([]);
    for (const event of before.journal) world.manager.replay(event);
    for (let times = 0; times < 2; times++) work.look();
    expect(said).toEqual([
      '3 units are held by pilot p7 of service pilots-7, which is not open, or was not added: ' +
        "PilotJobService.open({ id: 'pilots-7' }), and add it",
    ]);
  });
});

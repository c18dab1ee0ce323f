import { expect, it } from 'vitest';
import type { PilotInput } from '../../../src/manager/pilot-events.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { RunningTimers } from '../../../src/runtime/running-timers.ts';
import { KilledAgents } from '../../../src/service/agents/killed-agents.ts';
import { ManualClock } from '../../agent/manual-clock.ts';
import { PilotWorld } from '../../manager/pilot-world.ts';

/** A pilot of two agents, whose notes are looked for as the test lets time pass. */
function looking() {
  const world = new PilotWorld().running().join('b');
  const clock = new ManualClock();
  const notes = new Set<string>();
  const told: PilotInput[] = [];
  const looks = { count: 0, fail: false };
  const killed = new KilledAgents({
    clock,
    timers: new RunningTimers(clock),
    log: silentLog,
    pilotOf: () => world.pilot,
    killedOf: async () => {
      looks.count++;
      if (looks.fail) throw new Error('EIO');
      return notes;
    },
    tell: (input) => {
      told.push(input);
      world.tell(input);
    },
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1_100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const link = (agent: string) => world.pilot?.agents.get(agent)?.at;
  return { world, notes, told, looks, killed, pass, link };
}

it('counts a silent agent with a note gone, and nobody else', async () => {
  const { world, notes, told, killed, pass, link } = looking();
  notes.add('a').add('b').add('a-stranger');
  world.silent('a');
  killed.watch('p');
  await pass(3);
  expect(told).toMatchObject([{ type: 'agent-killed', pilot: 'p', agent: 'a' }]);
  expect(link('a')).toMatchObject({ link: 'gone', how: 'lost' });
  expect(link('b')).toEqual({ link: 'connected' });
});

it('looks less and less often, once for all agents, and not when none is silent', async () => {
  const { world, looks, killed, pass, notes, link } = looking();
  killed.watch('p');
  await pass(30);
  expect(looks.count).toBe(0);
  world.silent('a').silent('b');
  killed.watch('p');
  killed.watch('p');
  await pass(60);
  expect(looks.count).toBeGreaterThan(4);
  expect(looks.count).toBeLessThan(9);
  notes.add('b');
  world.join('a');
  await pass(20);
  expect(link('b')).toMatchObject({ link: 'gone' });
  const { count } = looks;
  await pass(60);
  expect(looks.count).toBe(count);
});

it('goes on looking where it cannot look', async () => {
  const { world, notes, looks, killed, pass, link } = looking();
  notes.add('a');
  looks.fail = true;
  world.silent('a');
  killed.watch('p');
  await pass(5);
  expect(link('a')).toMatchObject({ link: 'silent' });
  looks.fail = false;
  await pass(20);
  expect(link('a')).toMatchObject({ link: 'gone' });
});

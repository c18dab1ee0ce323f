/** A program is killed with SIGKILL, time and again, while its pilots live on behind ssh. */
import { copyFile, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chaos } from '../chaos/driver.ts';
import { disagreements, readLedger } from '../chaos/ledgers.ts';
import { UNIT } from '../chaos/unit.ts';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { PATIENCE_MS, processesOn, sshUrl } from './fixture.ts';

const ROUNDS = 4;
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);

describe.skipIf(await cannotIsolate())(
  'kill -9 of a program with ssh pilots',
  { timeout: 2 * PATIENCE_MS },
  () => {
    let hosts: SshHosts;
    beforeAll(async () => {
      hosts = await startSshHosts({ hosts: [{}, {}] });
    });
    afterAll(() => hosts.stop());

    it(`${ROUNDS} times, while connections are cut, too: nothing is lost, and nothing runs again`, async () => {
      await using world = await Chaos.open(SEED);
      const ledgers = await mkdtemp(join(hosts.shared, 'ledgers-'));
      const unit = join(hosts.shared, 'unit.sh');
      await copyFile(UNIT, unit);
      const rm = sshUrl(hosts, ['h1', 'h2']);
      const program = { rm, ledgers, unit, pilots: 1, pilot: { totalCpuCount: 4 } };
      for (let round = 0; round < ROUNDS; round++) {
        const killed = world.start(program);
        await killed.said(world.random.between(1, 60));
        if (round % 2 === 1) await hosts.host('h1').cut();
        await killed.kill();
      }
      await world.start(program).finish();
      expect(world.final.length).toBeGreaterThan(0);
      const { final, known, canceledIn } = world;
      const again = final.filter(
        ({ id, retries }) => !retries && readLedger(ledgers, id).starts.length > 1,
      );
      const problems = disagreements(ledgers, final, [...known], canceledIn);
      expect([...problems, ...again], `CHAOS_SEED=${SEED}`).toEqual([]);
      for (const host of hosts.hosts) {
        await expect.poll(() => processesOn(host), { timeout: PATIENCE_MS }).toEqual([]);
      }
    });
  },
);

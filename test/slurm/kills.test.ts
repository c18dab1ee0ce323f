/** A program is killed with SIGKILL, time and again, while its Slurm pilots live on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chaos } from '../chaos/driver.ts';
import { disagreements, readLedger } from '../chaos/ledgers.ts';
import { type SlurmCluster, startSlurm } from '../clusters/slurm/cluster.ts';
import { PATIENCE_MS, slurmUrl } from './fixture.ts';

const ROUNDS = 8;
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);

describe('kill -9 of a program with Slurm pilots', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 2, cpus: 4 });
  });
  afterAll(() => cluster.stop());

  const program = () => ({ rm: slurmUrl(cluster), pilots: 2, pilot: { totalCpuCount: 3 } });

  it(`${ROUNDS} times: nothing is lost, nothing runs again, and no pilot is submitted twice`, async () => {
    await using world = await Chaos.open(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const killed = world.start(program());
      await killed.said(world.random.between(1, 120));
      await killed.kill();
    }
    await world.start(program()).finish();
    expect(world.final.length).toBeGreaterThan(0);
    const { ledgers, final, known, canceledIn } = world;
    const again = final.filter(
      ({ id, retries }) => !retries && readLedger(ledgers, id).starts.length > 1,
    );
    const problems = disagreements(ledgers, final, [...known], canceledIn);
    expect([...problems, ...again], `CHAOS_SEED=${SEED}`).toEqual([]);

    const { stdout } = await cluster.run(['squeue', '-h', '-t', 'all', '-o', '%j %T']);
    const jobs = stdout.trim().split('\n');
    const names = jobs.map((line) => line.split(' ')[0]);
    expect(new Set(names).size).toBe(names.length);
    expect(jobs.filter((line) => !/ (COMPLETED|CANCELLED|FAILED)$/.test(line))).toEqual([]);
  });

  it('what its agents have begun and finished meanwhile is known to the next', async () => {
    await using world = await Chaos.open(SEED);
    const killed = world.start({ ...program(), units: 40 });
    await killed.hears('event', ({ state }) => state === 'Running');
    const [id = ''] = killed.lines.flatMap((line) =>
      line.type === 'event' && line.state === 'Running' ? [line.id] : [],
    );
    await killed.kill();
    await expect.poll(() => readLedger(world.ledgers, id).ends.length).toBeGreaterThan(0);
    await world.start(program()).finish();
    const { ledgers, final, known, canceledIn } = world;
    expect(disagreements(ledgers, final, [...known], canceledIn)).toEqual([]);
    const unit = final.find((each) => each.id === id);
    expect(readLedger(ledgers, id).starts.length).toBe(unit?.retries ? unit.attempt : 1);
  });
});

import { hostname, networkInterfaces } from 'node:os';
import { type Clock, type CommandRunner, localCommandRunner } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { FarHosts, type HostNames } from '../../src/adaptor/far-hosts.ts';

const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
const OWN = (addresses.find(({ internal }) => !internal) ?? addresses[0])?.address;
const LOOKED_UP = `no address\n127.0.16.1 g1\n${OWN} me.cluster\n10.9.8.7        n1.cluster n1\n`;

/** Hosts that are looked up with this answer. */
function farHosts(hosts: () => Promise<readonly HostNames[]>, stdout = LOOKED_UP) {
  const calls: (readonly string[])[] = [];
  const run = async (command: readonly string[]) => {
    calls.push(command);
    return { exitCode: 2, stdout, stderr: '' };
  };
  const runner = { ...localCommandRunner(), run } as CommandRunner;
  const time = { now: 0 };
  const clock = { monotonic: () => time.now } as Clock;
  return { calls, time, far: new FarHosts({ clock, runner, hosts }) };
}

describe('hosts that are other machines', () => {
  it('are those whose address is not of this one', async () => {
    const { far, calls } = farHosts(async () => [['n1', 'alias'], [hostname()], ['g1']]);
    expect(await far.ask()).toEqual([{ name: 'n1.cluster', address: '10.9.8.7' }]);
    expect(calls).toEqual([['getent', 'hosts', 'n1', 'alias', 'g1']]);
  });

  it('are not this one under another name', async () => {
    const { far, calls } = farHosts(async () => [['public', `${hostname().toUpperCase()}.org`]]);
    expect(await far.ask()).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('are asked for again after a while, and at once where nobody could tell', async () => {
    let asked = 0;
    const { far, time } = farHosts(async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return [['n1']];
    });
    expect(await far.ask()).toEqual([]);
    expect(await far.ask()).toHaveLength(1);
    await far.ask();
    expect(asked).toBe(2);
    time.now = 61_000;
    await far.ask();
    expect(asked).toBe(3);
  });
});

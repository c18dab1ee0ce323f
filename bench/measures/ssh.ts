/**
 * Pilots by ssh, beside what ssh itself does: the start of one, the way of a message through a tunnel,
 * and files there and back. Real servers on this machine; each has a file system of its own.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { silentLog, systemClock } from '@pstar/core/testing';
import { SshConnections } from '../../packages/adaptor-ssh/src/connection/connections.ts';
import { HostSite } from '../../packages/adaptor-ssh/src/host/host-site.ts';
import { type SshHosts, startSshHosts } from '../../test/clusters/ssh/hosts.ts';
import { run } from '../ceilings.ts';
import { median, type Sample } from '../harness.ts';
import { echoMicros } from './echo.ts';
import { makeFiles, travel } from './staging.ts';
import { type Context, seconds } from './world.ts';

const BARE_STARTS = 5;

/** Seconds to the end of a pilot's first unit, on a host that has nothing of ours, and on the same again. */
export async function sshStart({ directory }: Context): Promise<Sample> {
  await using hosts = await startSshHosts();
  const bare: number[] = [];
  for (let i = 0; i < BARE_STARTS; i++) {
    bare.push(await timed(() => run('ssh', ['-F', hosts.config, 'h1', 'true'])));
  }
  const cold = await timedStart(hosts, join(directory, 'cold'));
  const cached = await timedStart(hosts, join(directory, 'cached'));
  return { bare: median(bare), cold, cached };
}

async function timedStart(hosts: SshHosts, store: string): Promise<number> {
  const pilots = await PilotJobService.open({ store });
  const work = await WorkUnitService.open({ store, services: [pilots] });
  try {
    return await timed(async () => {
      await pilots.create(url(hosts, 'h1'), { totalCpuCount: 1 });
      await (await work.submit({ executable: '/bin/true' })).result();
    });
  } finally {
    await work.close();
    await pilots.cancel();
    await pilots.close();
  }
}

/** Microseconds there and back: by a channel of ssh with cat behind it, a forwarded port, a relay. */
export async function sshEcho(context: Context): Promise<Sample> {
  await using hosts = await startSshHosts({ hosts: [{}, { forwarding: false }] });
  const cat = spawn('ssh', ['-F', hosts.config, 'h1', 'cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const bare = await echoMicros(cat.stdin, cat.stdout);
  cat.kill();
  const forwarded = await tunnelMicros(hosts, 'h1', 'forwarded-port', context);
  const relayed = await tunnelMicros(hosts, 'h2', 'relay', context);
  return { bare, forwarded, relayed };
}

async function tunnelMicros(
  { config }: SshHosts,
  name: string,
  kind: 'forwarded-port' | 'relay',
  context: Context,
): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connections = new SshConnections();
  const clock = systemClock;
  const host = await connections.host({ host: name, config }, { clock, log: silentLog });
  const manager = { host: '127.0.0.1', port };
  const site = new HostSite({ host, manager, clock, log: silentLog });
  try {
    const tunnel = await site.tunnel();
    if (tunnel.kind !== kind) throw new Error(`${name} has a ${tunnel.kind} in place of a ${kind}`);
    const there = JSON.stringify({ ...context, port: tunnel.remote.port });
    const words = [...process.execArgv, process.argv[1] as string, 'echo-client', there];
    return (JSON.parse(await run(process.execPath, words)) as { micros: number }).micros;
  } finally {
    await site.close();
    server.close();
  }
}

/** Where files are while they are measured, on both sides, if there is room. */
const MEMORY = '/dev/shm';
/** Here and there, a copy on the way, and one more that comes back. */
const COPIES = 5;

/**
 * Megabytes and files a second through a pilot, there and back; from memory to memory. A disk is slower
 * than either way, and not the same from minute to minute: ext4 looks at each inode that was removed in
 * the last minutes before it makes a file, which took 28 µs or 313.
 */
export async function sshStaging(context: Context): Promise<Sample> {
  const { sizes, agentNode } = context;
  await using place = placeFor(context);
  const { directory } = place;
  await using hosts = await startSshHosts();
  const pilots = await PilotJobService.open({ store: directory });
  const work = await WorkUnitService.open({ store: directory, services: [pilots] });
  try {
    const agent = agentNode === undefined ? {} : { node: agentNode };
    await pilots.create(url(hosts, 'h1'), { totalCpuCount: 2, agent });
    return await travel(work, makeFiles(directory, sizes), placeOn(hosts), sizes);
  } finally {
    await work.cancel();
    await pilots.cancel();
  }
}

/** The same files by scp. */
export async function sshCopying(context: Context): Promise<Sample> {
  const { sizes } = context;
  await using place = placeFor(context);
  const { directory } = place;
  await using hosts = await startSshHosts();
  const { big, many } = makeFiles(directory, sizes);
  const there = placeOn(hosts);
  const copy = (from: string, to: string) =>
    timed(() => run('scp', ['-q', '-r', '-F', hosts.config, from, to]));
  return {
    largeIn: sizes.stagedMegabytes / (await copy(big, `h1:${there}/big`)),
    largeOut: sizes.stagedMegabytes / (await copy(`h1:${there}/big`, `${directory}/back`)),
    smallIn: sizes.stagedFiles / (await copy(many, `h1:${there}/many`)),
    smallOut: sizes.stagedFiles / (await copy(`h1:${there}/many`, `${directory}/again`)),
  };
}

/** A directory for files here; hosts that are started from now on have their homes beside it. */
function placeFor({ sizes, directory }: Context): AsyncDisposable & { readonly directory: string } {
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize < COPIES * sizes.stagedMegabytes * 1024 * 1024) {
    return { directory, [Symbol.asyncDispose]: async () => {} };
  }
  process.env['TMPDIR'] = MEMORY;
  const own = mkdtempSync(join(MEMORY, 'pstar-bench-'));
  const remove = () => rm(own, { recursive: true, force: true });
  warmUp(own, COPIES * sizes.stagedMegabytes);
  return { directory: own, [Symbol.asyncDispose]: remove };
}

/**
 * Has so much memory been used just now. What was free for a while the machine below has taken back and
 * gives anew, which took 2.6 s for 1 GiB in place of 0.33: who comes first would pay for who comes next.
 */
function warmUp(directory: string, megabytes: number): void {
  const file = join(directory, 'memory');
  const fd = openSync(file, 'w');
  const part = Buffer.alloc(1024 * 1024);
  for (let i = 0; i < megabytes; i++) writeSync(fd, part);
  closeSync(fd);
  rmSync(file);
}

/** A directory beside the cache, as the host has it: from there a file is moved, and not copied once more. */
function placeOn(hosts: SshHosts): string {
  const { home, homeThere } = hosts.host('h1');
  mkdirSync(join(home, 'node'));
  return join(homeThere, 'node');
}

function url({ config }: SshHosts, name: string): string {
  return `ssh://${name}/?config=${encodeURIComponent(config)}`;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = seconds();
  await act();
  return seconds() - start;
}

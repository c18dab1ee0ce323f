/**
 * Files on their way to a node that shares none and back: one large one, and ten thousand small ones in
 * one directory, by units that do nothing else; beside them a bare TLS pipe and cp.
 */
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { localAdaptor } from '../../packages/core/src/adaptor/local.ts';
import { run } from '../ceilings.ts';
import type { Sample } from '../harness.ts';
import { serveOnce, startPeer } from './tls-peer.ts';
import type { Context } from './world.ts';

const MEGABYTE = 1024 * 1024;
const SMALL_BYTES = 1024;
const CHUNK_BYTES = 256 * 1024;

/** `local://`, as if the node were another machine. */
const apart: typeof localAdaptor = {
  ...localAdaptor,
  connect: async (rm, context) => {
    const manager = await localAdaptor.connect(rm, context);
    return Object.assign(Object.create(manager) as typeof manager, {
      sharesFiles: false,
      ...bound(manager),
    });
  },
};

/** The methods of an object, which know it by heart. */
function bound<T extends object>(object: T): Partial<T> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object)) as (keyof T)[];
  const methods = names.flatMap((name) => {
    const value = object[name];
    return typeof value === 'function' && name !== 'constructor'
      ? [[name, value.bind(object)]]
      : [];
  });
  return Object.fromEntries(methods) as Partial<T>;
}

/** Megabytes a second, files a second, units with a file each a second; in and out. */
export async function staging({ sizes, directory }: Context): Promise<Sample> {
  const pilots = await PilotJobService.open({ store: directory, adaptors: [apart] });
  const work = await WorkUnitService.open({ store: directory, services: [pilots] });
  await pilots.create('local://', { totalCpuCount: 2 });
  try {
    const files = makeFiles(directory, sizes);
    const ways = await travel(work, files, join(directory, 'node'), sizes);
    const each = Array.from({ length: sizes.stagedFiles }, (_, i) => ({
      executable: '/bin/true',
      fileTransfer: [`${files.many}/${i} > ${directory}/node/each/${i}`],
    }));
    const start = performance.now();
    await work.submit(each);
    await work.wait();
    return { ...ways, eachIn: (sizes.stagedFiles * 1000) / (performance.now() - start) };
  } finally {
    await work.cancel();
    await pilots.cancel();
  }
}

/** The large file, then the many small ones, to a directory of the node and back beside themselves. */
export async function travel(
  work: WorkUnitService,
  { big, many }: Files,
  node: string,
  sizes: Context['sizes'],
): Promise<Sample> {
  const timed = async (transfer: string): Promise<number> => {
    const start = performance.now();
    const unit = await work.submit({ executable: '/bin/true', fileTransfer: [transfer] });
    await unit.result();
    return (performance.now() - start) / 1000;
  };
  await timed(`${many}/0 > first`);
  return {
    largeIn: sizes.stagedMegabytes / (await timed(`${big} > ${node}/big`)),
    largeOut: sizes.stagedMegabytes / (await timed(`${big}-back < ${node}/big`)),
    smallIn: sizes.stagedFiles / (await timed(`${many} > ${node}/many`)),
    smallOut: sizes.stagedFiles / (await timed(`${many}-back < ${node}/many`)),
  };
}

/** The same files copied by cp, on the same disk. */
export async function copying({ sizes, directory }: Context): Promise<Sample> {
  const { big, many } = makeFiles(directory, sizes);
  const timed = async (from: string): Promise<number> => {
    const start = performance.now();
    await run('cp', ['-r', from, `${from}-copy`]);
    return (performance.now() - start) / 1000;
  };
  const large = sizes.stagedMegabytes / (await timed(big));
  return { large, small: sizes.stagedFiles / (await timed(many)) };
}

/** Megabytes a second through a bare TLS connection to another process, which throws them away. */
export async function tlsPipe({ sizes }: Context): Promise<Sample> {
  const { server, socket } = await startPeer('pipe-server');
  const chunk = randomFillSync(Buffer.alloc(CHUNK_BYTES));
  const start = performance.now();
  for (let left = sizes.stagedMegabytes * MEGABYTE; left > 0; left -= CHUNK_BYTES) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  await once(socket, 'close');
  const perSecond = (sizes.stagedMegabytes * 1000) / (performance.now() - start);
  await once(server, 'exit');
  return { perSecond };
}

/** The other process: reads to the end, and closes. */
export function pipeServer(): Promise<Sample> {
  return serveOnce((socket) => void socket.resume());
}

/** Where the files are that travel. */
export interface Files {
  readonly big: string;
  readonly many: string;
}

/** Makes a large file and a directory of small ones. */
export function makeFiles(directory: string, sizes: Context['sizes']): Files {
  const [big, many] = [join(directory, 'big'), join(directory, 'many')];
  const part = randomFillSync(Buffer.alloc(MEGABYTE));
  const fd = openSync(big, 'w');
  for (let i = 0; i < sizes.stagedMegabytes; i++) {
    part.writeUInt32LE(i);
    writeSync(fd, part);
  }
  closeSync(fd);
  rmSync(many, { recursive: true, force: true });
  mkdirSync(many);
  const small = part.subarray(0, SMALL_BYTES);
  for (let i = 0; i < sizes.stagedFiles; i++) writeFileSync(join(many, `${i}`), small);
  return { big, many };
}

#!/usr/bin/env node
/**
 * Runs what waits in a queue, one after the other: `pstar-folder-runner DIRECTORY`. Start as many as
 * there is room for, on every machine that sees the directory.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { type Ending, Queue } from './queue.ts';

const LOOK_MS = 50;
const GRACE_MS = 15_000;

/** Runs one; what it started goes with it, as all of it is in its process group. */
async function run(queue: Queue, id: string): Promise<Ending> {
  const child = spawn('/bin/sh', [queue.path('running', id)], { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const group = -(child.pid as number);
  const watch = new AbortController();
  const canceled = cancelWhenAsked(queue, id, group, watch.signal);
  const [exitCode, signal] = await ended;
  watch.abort();
  send(group, 'SIGKILL');
  if (await canceled) return { canceled: true };
  return signal === null ? { exitCode: exitCode ?? 0 } : { signal };
}

/** Ends a process group once there is a file that asks for it; whether there was. */
async function cancelWhenAsked(
  queue: Queue,
  id: string,
  group: number,
  over: AbortSignal,
): Promise<boolean> {
  let askedAt: number | undefined;
  while (!over.aborted) {
    if (askedAt === undefined && (await queue.isToCancel(id))) {
      askedAt = performance.now();
      send(group, 'SIGTERM');
    }
    if (askedAt !== undefined && performance.now() - askedAt > GRACE_MS) send(group, 'SIGKILL');
    await setTimeout(LOOK_MS, undefined, { signal: over }).catch(() => {});
  }
  return askedAt !== undefined;
}

function send(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(group, signal);
  } catch {
    // Nothing of it is left.
  }
}

async function main(directory: string): Promise<never> {
  const queue = new Queue(directory);
  await queue.make();
  for (;;) {
    const id = await queue.next();
    if (id === undefined) {
      await setTimeout(LOOK_MS);
    } else if (await queue.take(id)) {
      await queue.put('over', id, JSON.stringify(await run(queue, id)));
      await rm(queue.path('running', id), { force: true });
      await rm(queue.path('cancel', id), { force: true });
    }
  }
}

await main(process.argv[2] ?? '.');

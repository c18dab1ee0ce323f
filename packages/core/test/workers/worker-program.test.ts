/** A worker's program, as its agent meets it at the door. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../src/runtime/log.ts';
import { WorkerDoor, type WorkerLink } from '../../src/workers/worker-door.ts';
import type { FromWorker } from '../../src/workers/worker-messages.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/agent/agent.mjs', import.meta.url));

let root: string;
let door: WorkerDoor;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'worker-program-'));
  door = WorkerDoor.open(root, silentLog);
});
afterEach(async () => {
  await door.close();
  rmSync(root, { recursive: true, force: true });
});

// Whoever sees that it is over before he has let it in would not know why.
it.each([
  [
    'does not load',
    `throw new Error('no weights\\nat all');`,
    'module',
    'its module has thrown while it was loaded: no weights',
  ],
  [
    'does not prepare itself',
    `export const init = () => { throw new Error('no weights'); };`,
    'init',
    'no weights',
  ],
  [
    'prepares itself and throws beside it, again and again',
    `export const init = () => new Promise((done) => {
       let times = 0;
       const timer = setInterval(() => {
         if (++times === 3) { clearInterval(timer); done(); }
         throw new Error('no weights');
       }, 1);
     });`,
    'init',
    'no weights',
  ],
])('stays when its module %s, until it is told to leave', async (_, code, kind, message) => {
  const module = join(root, 'module.mjs');
  writeFileSync(module, `${code} export const f = (x) => x;`);
  const heard: FromWorker[] = [];
  let link: WorkerLink | undefined;
  const guest = {
    connected(connected: WorkerLink): void {
      link = connected;
    },
    receive(message: FromWorker): void {
      heard.push(message);
      if (message.type === 'unfit') link?.send({ type: 'leave' });
    },
    broken(): void {},
    disconnected(): void {},
  };
  const load = { module, export: 'f', cores: [0], gpus: [], scratch: root };
  const { file, fd } = door.invite(guest, { worker: 1, host: 'here', pilotJob: 'pilot.1', load });
  const worker = spawn(process.execPath, [PROGRAM, '--worker', file], { stdio: 'ignore' });
  expect(await once(worker, 'exit')).toEqual([0, null]);
  expect(heard).toMatchObject([{ type: 'unfit', problem: { kind, message } }]);
  door.forget(1, fd);
});

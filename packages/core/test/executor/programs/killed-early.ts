/** Dies by SIGKILL while it starts its warden: the shell for that begins when it is dead. */
import processes, { type SpawnSyncOptions } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { Warden } from '../../../src/executor/warden.ts';

const { spawn, spawnSync } = processes;
const AFTERWARDS = `while [ -d "/proc/$0" ]; do :; done; exec /bin/sh "$@"`;

processes.spawnSync = ((program: string, words: string[], options: SpawnSyncOptions) => {
  if (program !== '/bin/sh') return spawnSync(program, words, options);
  const late = ['-c', AFTERWARDS, String(process.pid), ...words];
  spawn(program, late, { ...options, stdio: options.stdio ?? 'ignore', detached: true });
  process.kill(process.pid, 'SIGKILL');
}) as typeof spawnSync;
syncBuiltinESMExports();

new Warden(process.argv[2] as string);

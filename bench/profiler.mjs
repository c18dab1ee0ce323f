/**
 * Loaded before a program: leaves a processor profile in $BENCH_PROFILES when it ends.
 *
 * In place of node's own --cpu-prof, which left none of an agent that had started processes
 * (Node 20.20).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const directory = process.env['BENCH_PROFILES'] ?? '.';
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: 500 });
session.post('Profiler.start');
process.on('exit', () => {
  session.post('Profiler.stop', (_error, { profile }) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${process.pid}.cpuprofile`), JSON.stringify(profile));
  });
});

/**
 * DRMAA 2 by itself, without a pilot: a session, an array of native jobs in it, waiting for them as
 * they end, a look at everything by monitoring, and the session again, as another program finds it.
 * The library is the first argument, or DRMAA2_LIBRARY_PATH; it needs no more than the standard.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDrmaa2 } from '@pstar/adaptor-drmaa';
import { check } from './lib/check.ts';
import { temporaryDirectory } from './lib/temporary-directory.ts';

const TASKS = 12;

const [, , named] = process.argv;
const library = named ?? process.env['DRMAA2_LIBRARY_PATH'];
if (library === undefined) throw new Error('name a libdrmaa2.so');

await using files = await temporaryDirectory();
const text = (index: number) => Array.from({ length: 9 }, (_, i) => `${(i * index) % 10}\n`);
for (let index = 1; index <= TASKS; index++) {
  await writeFile(join(files.path, `in-${index}`), text(index).join(''));
}

await using drmaa = await loadDrmaa2(library);
const { major, minor } = await drmaa.drmsVersion();
console.log(`${await drmaa.drmsName()} ${major}.${minor}, by a library of layout ${drmaa.layout}`);

const name = `example-${process.pid}`;
const session = await drmaa.createJobSession(name);
const bounded = await drmaa.supports('BULK_JOBS_MAXPARALLEL');
const template = {
  remoteCommand: 'sort',
  args: ['-n'],
  jobName: 'sorting',
  inputPath: `${files.path}/in-$DRMAA2_INDEX$`,
  outputPath: `${files.path}/out-$DRMAA2_INDEX$`,
};
const range = { beginIndex: 1, endIndex: TASKS, ...(bounded && { maxParallel: 4 }) };
using array = await session.runBulkJobs(template, range);

await using everything = await drmaa.openMonitoringSession();
const machines = await everything.getAllMachines();
const queues = await everything.getAllQueues();
for (const { name, coresPerSocket, sockets = 1, physMemory = 0 } of machines) {
  const cores = (coresPerSocket ?? 1) * sockets;
  console.log(`machine ${name}: ${cores} cores, ${Math.round(physMemory / 2 ** 20)} GiB`);
}
console.log(`queues: ${queues.map((queue) => queue.name).join(', ')}`);

const left = await array.getJobs();
while (left.length > 0) {
  using ended = await session.waitAnyTerminated(left, { timeout: 60 });
  left.splice(left.indexOf(ended), 1);
  const { jobState, exitStatus } = await ended.getInfo();
  console.log(
    `${ended.id} is ${jobState}, with exit status ${exitStatus}; ${left.length} are left`,
  );
}
await session.close();

// Sessions outlive programs, and what was run in them is known by its id.
const again = await drmaa.openJobSession(name);
const known = await again.getJobs();
for (const job of known) {
  check((await job.getState()).state === 'DONE', `${job.id} has not done what it was to do`);
  job[Symbol.dispose]();
}
await again.close();
await drmaa.destroyJobSession(name);
for (let index = 1; index <= TASKS; index++) {
  const sorted = await readFile(join(files.path, `out-${index}`), 'utf8');
  check(sorted === text(index).sort().join(''), `of task ${index} came ${JSON.stringify(sorted)}`);
}
console.log(`the session knew ${known.length} native jobs, and all ${TASKS} outputs are right`);

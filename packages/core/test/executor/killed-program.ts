/** A program with one unit that goes on, to be killed from outside. */
import { createExecutor } from '../../src/executor/executor.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

const [root = ''] = process.argv.slice(2);
const nothing = (): void => {};
const executor = createExecutor({
  root,
  baseEnvironment: { PATH: '/usr/bin:/bin' },
  events: { started: nothing, ended: nothing, progress: nothing, output: nothing },
  clock: systemClock,
  log: silentLog,
});
const script = `echo $$ >> pids
  setsid sh -c 'echo $$ >> pids; echo > ready; exec sleep 1000' & wait`;
executor.run({
  key: 1,
  executable: '/bin/sh',
  arguments: ['-c', script],
  environment: {},
  variables: {},
  sandbox: root,
  workingDirectory: root,
  cleanup: false,
  processes: 1,
  graceMs: 1000,
});

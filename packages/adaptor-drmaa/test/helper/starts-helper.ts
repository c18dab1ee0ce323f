/** A program that starts a helper process, says which, and goes on for as long as it is let. */
import { HelperProcess } from '../../src/helper/helper-process.ts';
import { quietLog } from '../../src/helper/quiet-log.ts';

const helper = await HelperProcess.start({
  kind: 'drmaa1',
  library: 'libc.so.6',
  environment: {},
  threads: 1,
  callTimeoutMs: 20_000,
  log: quietLog,
});
process.send?.(helper.pid);
process.on('message', () => {});

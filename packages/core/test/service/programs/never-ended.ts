/** A user's program, to be interrupted, with a service that takes for ever to end what it has started. */
import { stderrLog } from '../../../src/runtime/log.ts';
import { onInterrupt } from '../../../src/service/pilots/interrupt.ts';

const endless = {
  interrupt: () => new Promise<never>(() => {}),
  giveUp: () => void process.stdout.write('gave up\n'),
};
onInterrupt(endless, stderrLog());
setInterval(() => {}, 60_000);
process.stdout.write('open\n');

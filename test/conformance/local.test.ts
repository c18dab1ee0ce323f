/** `local://` keeps what adaptors promise. */
import { describeAdaptorConformance } from '@pstar/adaptor-testkit';
import type { Adaptor } from '@pstar/core';
import { availableAdaptors } from '@pstar/core/adaptor';
import { withoutCommands, withoutQueue } from './excuses.ts';

const NO_COMMANDS = 'it starts processes by itself and runs no command';
const NO_QUEUE = 'there is no queue: whatever is submitted runs';
const NO_DAEMON = 'it asks the kernel, which is not away while this program is there';

const isLocal = ({ scheme }: Adaptor) => scheme === 'local';
const pidOf = (nativeId: string) => Number(nativeId.split(':')[0]);
const send = (signal: NodeJS.Signals) => async (nativeId: string) =>
  process.kill(pidOf(nativeId), signal);

describeAdaptorConformance('local://', {
  adaptor: availableAdaptors().find(isLocal) as Adaptor,
  rm: 'local://',
  refused: { description: { agent: { node: '/nowhere/node' } }, says: /ENOENT/ },
  outside: {
    cancel: send('SIGTERM'),
    lose: send('SIGKILL'),
    // Another connection knows nothing of it but that there is no such process.
    forget: async () => {},
    suspend: send('SIGSTOP'),
    resume: send('SIGCONT'),
  },
  patienceMs: 45_000,
  cannot: {
    ...withoutQueue(NO_QUEUE),
    ...withoutCommands(NO_COMMANDS),
    'outside:name': 'processes are listed by what they run',
    'down:states': NO_DAEMON,
    'down:submit': NO_DAEMON,
    'down:find': NO_DAEMON,
  },
});

/** `ssh://` keeps what adaptors promise, on a real OpenSSH server with a machine of its own around it. */
import { sshAdaptor } from '@pstar/adaptor-ssh';
import { describeAdaptorConformance } from '@pstar/adaptor-testkit';
import { type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { withoutCommands, withoutQueue } from './excuses.ts';

const NO_COMMANDS = 'it goes through connections of its own, and has no use for the runner';
const NO_QUEUE = 'there is no queue: whatever is submitted runs';

let hosts: SshHosts;
const temporary = process.env['TMPDIR'];

/** Over there, as anybody who may do so there. */
async function there(line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await hosts.host('h1').run(line);
  if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
}

/** Sends a signal to the agent of a native job. */
const send = (signal: string) => (nativeId: string) => {
  const [name] = nativeId.split('@');
  return there(`kill -${signal} $(readlink ~/.cache/pstar/pilots/${name}/agent | cut -d: -f1)`);
};

describeAdaptorConformance('ssh://', {
  adaptor: sshAdaptor,
  rm: () => `ssh://h1/?config=${encodeURIComponent(hosts.config)}`,
  setup: async () => {
    hosts = await startSshHosts();
    // The kit has its launches write into its own directory, which the host has to see.
    process.env['TMPDIR'] = hosts.shared;
  },
  teardown: async () => {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
    await hosts.stop();
  },
  refused: { description: { agent: { node: '/nowhere/node' } }, says: /\/nowhere\/node/ },
  examples: { candidateHosts: { candidateHosts: ['h1'] } },
  outside: {
    cancel: send('TERM'),
    lose: send('KILL'),
    // Another connection knows nothing of it but what is left there, which is nothing.
    forget: async () => {},
    suspend: send('STOP'),
    resume: send('CONT'),
    down: () => hosts.host('h1').down(),
    up: () => hosts.host('h1').up(),
  },
  load: { count: 100, because: 'each has a shell and an agent of its own on this machine' },
  program: { module: new URL('../../packages/adaptor-ssh/src/index.ts', import.meta.url).href },
  patienceMs: 45_000,
  cannot: {
    ...withoutQueue(NO_QUEUE),
    ...withoutCommands(NO_COMMANDS),
    'outside:name': 'processes are listed by what they run',
  },
});

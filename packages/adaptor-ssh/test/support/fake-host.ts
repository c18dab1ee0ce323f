/** A host that is this machine, with a home directory of its own; its connection is what a test makes of it. */
import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdaptorError, type CommandRunner, localCommandRunner } from '@pstar/core/adaptor';
import { Listeners } from '../../src/connection/listeners.ts';
import type {
  ChannelEnd,
  RemoteAddress,
  SshChannel,
  SshHost,
  SshState,
  Tunnel,
} from '../../src/connection/ssh-host.ts';
import { bothWays } from '../../src/relay/relay-protocol.ts';

export class FakeHost implements SshHost {
  readonly name: string;
  readonly host: string;
  readonly user = 'me';
  readonly home: string;
  readonly runner: CommandRunner;
  readonly state$ = new Listeners<SshState>();
  state: SshState = { state: 'connected' };
  /** Over the environment of commands there. */
  environment: Record<string, string> = {};
  /** Whether its server forwards ports. */
  forwards = true;
  /** Rejects commands, by their script. */
  fails: (script: string) => boolean = () => false;
  readonly scripts: string[] = [];
  /** What runs over channels. */
  readonly channels: { readonly kill: () => void }[] = [];

  private constructor(name: string, home: string) {
    this.name = `me@${name}`;
    this.host = name;
    this.home = home;
    const local = localCommandRunner();
    this.runner = {
      ...local,
      host: this.name,
      run: async (command, options = {}) => {
        const { input = '' } = options;
        this.scripts.push(input);
        const lost = new AdaptorError('CONNECTION_LOST', 'it is gone', { subject: name });
        if (this.state.state !== 'connected') throw lost;
        const environment = { HOME: home, ...this.environment, ...options.environment };
        const result = await local.run(command, { ...options, environment });
        // The command was run, and nobody hears so.
        if (this.fails(input)) throw lost;
        return result;
      },
    };
  }

  static async make(name: string): Promise<FakeHost> {
    return new FakeHost(name, await mkdtemp(join(tmpdir(), `pstar-${name}-`)));
  }

  become(state: SshState): void {
    this.state = state;
    this.state$.emit(state);
  }

  /** What it becomes is the test's matter. */
  hurry(): void {}

  async exec(line: string): Promise<SshChannel> {
    const child = spawn('/bin/sh', ['-c', line], { detached: true });
    const kill = () => void (child.exitCode ?? child.kill('SIGKILL'));
    this.channels.push({ kill });
    const ended = new Promise<ChannelEnd>((resolve) => child.once('close', () => resolve({})));
    const stream = bothWays(child.stdout, child.stdin);
    stream.on('error', () => {});
    return { stream, stderr: child.stderr, ended, close: kill };
  }

  async forward(to: RemoteAddress): Promise<Tunnel> {
    if (!this.forwards) {
      throw new AdaptorError('OPERATION_UNSUPPORTED', 'the server forwards no port');
    }
    const remote$ = new Listeners<RemoteAddress>();
    return { kind: 'forwarded-port', remote: to, remote$, close: async () => {} };
  }

  async listen(): Promise<boolean> {
    return false;
  }

  async unlisten(): Promise<void> {}

  async close(): Promise<void> {
    for (const { kill } of this.channels) kill();
  }
}

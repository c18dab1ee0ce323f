/** One host: a real OpenSSH server with a machine of its own around it, as far as that can be had. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from '../base/commands.ts';
import { commonDirectory } from '../base/common-directory.ts';
import { killAllWith, until } from '../base/processes.ts';
import {
  type Account,
  etcHosts,
  type HostKeyType,
  hostKeyFile,
  type SshHostOptions,
  sshdConfig,
} from './configuration.ts';
import { CONTROL, MARK, SHARED, tell } from './directories.ts';
import { makeKey, passwordHash, publicKeyOf } from './keys.ts';

/** What starts a process in namespaces of its own; undefined where this user may not. */
export type Isolation = readonly string[] | undefined;

const SCRIPT = fileURLToPath(new URL('host.sh', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
/** Of those who are made up: nobody's on a usual machine. */
const USER_ID = 7500;

/** What all hosts of a program have in common. */
export interface Surroundings {
  readonly directory: string;
  readonly isolation: Isolation;
  readonly names: readonly { readonly name: string }[];
  readonly byHand: boolean;
  /** Runs a command on a host, by ssh. */
  readonly run: (host: string, command: string) => Promise<CommandResult>;
}

export class SshHost {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  /** Of the user, as the host itself has it. */
  readonly homeThere: string;
  readonly options: SshHostOptions;
  /** Where everything of it is, but for what it has in memory. */
  readonly directory: string;
  readonly #surroundings: Surroundings;
  #child: ChildProcess | undefined;
  #answers: Interface | undefined;

  constructor(options: SshHostOptions & { name: string }, port: number, all: Surroundings) {
    const { username, homedir } = userInfo();
    this.options = options;
    this.name = options.name;
    this.port = port;
    this.#surroundings = all;
    this.directory = join(all.directory, options.name);
    this.user = options.account?.user ?? username;
    const isolatedHome = options.account === undefined ? homedir : `/home/${this.user}`;
    this.homeThere = all.isolation === undefined ? this.#file('home') : isolatedHome;
  }

  /** The user's home, as seen by this program. A small one is there as long as the host has power. */
  get home(): string {
    const isSmall = typeof this.options.home === 'number';
    return isSmall ? this.seen(this.homeThere) : this.#file('home');
  }

  /** What the host's log says so far. */
  log(): Promise<string> {
    return readFile(this.#file('sshd.log'), 'utf8');
  }

  /** A file of the host, under the name by which this program, as root, sees it. */
  seen(path: string): string {
    if (this.#surroundings.isolation === undefined) return path;
    return `/proc/${this.#child?.pid}/root${path}`;
  }

  /** A command as one that is run on the host by root, without ssh. Where there are namespaces. */
  inside(command: readonly string[]): string[] {
    const pid = this.#child?.pid;
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return ['nsenter', `--target=${first}`, '--mount', '--pid', '--uts', '--', ...command];
  }

  /** The public keys of its server, each as `type base64`. */
  async publicKeys(): Promise<string[]> {
    return Promise.all(this.#keyTypes.map((type) => publicKeyOf(this.#etc(hostKeyFile(type)))));
  }

  /** Lays out everything; nothing runs yet. */
  async make(authorizedKeys: string): Promise<void> {
    const { isolation, names } = this.#surroundings;
    await mkdir(this.#file('etc/ssh'), { recursive: true });
    await mkdir(this.#file('home'), { mode: 0o700 });
    for (const name of ['tmp', 'var-tmp']) {
      await mkdir(this.#file(name));
      await chmod(this.#file(name), 0o1777);
    }
    await writeFile(this.#etc('authorized_keys'), authorizedKeys);
    await writeFile(this.#etc('sshd_config'), this.#sshdConfig());
    await this.#makeKeys();
    await writeFile(this.#file('etc/hosts'), etcHosts(names));
    await writeFile(this.#file('pam'), 'auth required pam_unix.so\naccount required pam_unix.so\n');
    if (this.options.account !== undefined) await this.#makeAccount(this.options.account);
    if (isolation === undefined) await this.#makeWithout();
  }

  /** Has power, and a server that answers, if it has not. */
  async start(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) return;
    const { isolation, byHand } = this.#surroundings;
    const log = openSync(this.#file('host.log'), 'a');
    const input = byHand ? this.#controlFile() : 'pipe';
    const settings = Object.entries(this.#settings()).map(([name, value]) => `${name}=${value}`);
    const [program, ...rest] = [...(isolation ?? []), 'env', ...settings, 'sh', SCRIPT] as const;
    const child = spawn(program, rest, { cwd: '/', detached: true, stdio: [input, 'pipe', log] });
    closeSync(log);
    if (typeof input === 'number') closeSync(input);
    await once(child, 'spawn');
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    try {
      await this.up();
    } catch (error) {
      const complaints = `${readFileSync(this.#file('host.log'), 'utf8')}${await this.log()}`;
      throw new Error(`${this.name} did not start: ${complaints}`, { cause: error });
    }
    if (!byHand) return;
    child.unref();
    child.stdout?.destroy();
  }

  /** Loses its power: everything that runs there is gone at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const over =
      child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.stdin?.end();
    await over;
    await killAllWith([[MARK, this.directory]]);
  }

  /** Has its server and all connections killed; what users have started goes on. */
  down(): Promise<void> {
    return this.#tell('down');
  }

  /** Has a server again; settles when it answers. */
  async up(): Promise<void> {
    await this.#tell('up');
    await until(`answering (${this.name})`, () => answers(this.port));
  }

  /** Has all of its connections killed, and takes new ones. */
  cut(): Promise<void> {
    return this.#tell('cut');
  }

  /** Has other keys from now on, which no client knows until {@link SshHosts.know}. */
  async freshHostKey(): Promise<void> {
    await this.down();
    await this.#makeKeys();
    await this.up();
  }

  /** Lets in whoever has that key, from now on. */
  async authorize(publicKey: string): Promise<void> {
    await appendFile(this.#etc('authorized_keys'), publicKey);
  }

  /** Runs a line of shell as a client does, and has what came of it. */
  run(command: string): Promise<CommandResult> {
    return this.#surroundings.run(this.name, command);
  }

  /** Sets a variable for all who log in from now on. */
  async setEnvironment(name: string, value: string): Promise<void> {
    await mkdir(join(this.home, '.ssh'), { recursive: true, mode: 0o700 });
    await appendFile(join(this.home, '.ssh/environment'), `${name}=${value}\n`);
  }

  get #keyTypes(): readonly HostKeyType[] {
    return this.options.hostKeys ?? ['ed25519'];
  }

  #file(name: string): string {
    return join(this.directory, name);
  }

  #etc(name: string): string {
    return join(this.#file('etc/ssh'), name);
  }

  #sshdConfig(): string {
    const isIsolated = this.#surroundings.isolation !== undefined;
    const programs = this.options.node === undefined ? process.env['PATH'] : this.#file('programs');
    const path = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
    return sshdConfig(this.options, {
      port: this.port,
      etc: isIsolated ? '/etc/ssh' : this.#file('etc/ssh'),
      home: this.homeThere,
      environment: {
        [MARK]: this.directory,
        HOME: this.homeThere,
        PATH: isIsolated ? `/mnt/bin:${path}` : `${programs}`,
      },
    });
  }

  async #makeKeys(): Promise<void> {
    for (const type of this.#keyTypes) {
      const file = this.#etc(hostKeyFile(type));
      await rm(file, { force: true });
      await makeKey(file, type);
    }
  }

  /** Beside those whom the machine has: the names of programs' users are looked up as well. */
  async #makeAccount({ user, password }: Account): Promise<void> {
    const users = await readFile('/etc/passwd', 'utf8');
    const line = `${user}:x:${USER_ID}:${USER_ID}::${this.homeThere}:/bin/sh\n`;
    await writeFile(this.#file('etc/passwd'), `${users}${line}`);
    const shadow = `${user}:${await passwordHash(password)}:19000:0:99999:7:::\n`;
    await writeFile(this.#file('etc/shadow'), shadow, { mode: 0o600 });
  }

  /** What can be had of the options without namespaces. */
  async #makeWithout(): Promise<void> {
    const { account, home, node } = this.options;
    const isRoot = userInfo().uid === 0;
    if (account !== undefined || typeof home === 'number' || (isRoot && home !== undefined)) {
      throw new Error(`${this.name} is asked for what takes root, and namespaces`);
    }
    if (node !== undefined) await this.#makePrograms(node);
    if (home === 'read-only') await chmod(this.#file('home'), 0o500);
  }

  /** Everything that is on PATH, but for Node.js. */
  async #makePrograms(node: string): Promise<void> {
    const programs = this.#file('programs');
    await mkdir(programs);
    for (const directory of (process.env['PATH'] ?? '').split(':')) {
      for (const name of await readdir(directory).catch(() => [])) {
        if (name === 'node') continue;
        // The first of a name counts.
        await symlink(join(directory, name), join(programs, name)).catch(() => {});
      }
    }
    const script = `#!/bin/sh\necho ${node}\n`;
    if (node !== 'none') await writeFile(join(programs, 'node'), script, { mode: 0o755 });
  }

  #settings(): Record<string, string> {
    const { options } = this;
    const { isolation, directory } = this.#surroundings;
    const { uid, gid } = userInfo();
    const kind = typeof options.home === 'number' ? `${options.home}M` : (options.home ?? '');
    return {
      [MARK]: this.directory,
      HOST_NAME: this.name,
      HOST_DIRECTORY: this.directory,
      HOST_SHARED: join(directory, SHARED),
      HOST_HIDDEN: REPOSITORY,
      HOST_TMP: commonDirectory(),
      HOST_HOME: this.homeThere,
      HOST_HOME_KIND: kind,
      HOST_USER_ID: options.account === undefined ? `${uid}:${gid}` : `${USER_ID}:${USER_ID}`,
      HOST_NODE: options.node ?? process.execPath,
      HOST_SSHD_CONFIG: `${isolation === undefined ? this.#file('etc/ssh') : '/etc/ssh'}/sshd_config`,
      HOST_LOG_FILE: this.#file('sshd.log'),
      HOST_ISOLATED: isolation === undefined ? 'no' : 'yes',
    };
  }

  #controlFile(): number {
    const path = this.#file(CONTROL);
    execFileSync('mkfifo', ['-m', '600', path]);
    // Both ways, so that it has no end when this program has gone.
    return openSync(path, 'r+');
  }

  /** Settles when the host has done it. */
  async #tell(word: string): Promise<void> {
    const child = this.#child;
    const answers = this.#answers;
    if (child === undefined || answers === undefined) throw new Error(`${this.name} has no power`);
    const answer = new Promise<void>((resolve, reject) => {
      const end = () => reject(new Error(`${this.name} has ended`));
      answers.once('close', end);
      answers.once('line', () => {
        answers.off('close', end);
        resolve();
      });
    });
    if (child.stdin === null) tell(this.#file(CONTROL), word);
    else child.stdin.write(`${word}\n`);
    await answer;
  }
}

/** Whether an ssh server says who it is there. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(socket.bytesRead > 0));
  });
}

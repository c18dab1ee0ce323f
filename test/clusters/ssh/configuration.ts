/** What hosts and their clients are told. Text only: nothing is read or written here. */

/** How a host is to be. */
export interface SshHostOptions {
  /** `h1`, `h2`, … by default. */
  readonly name?: string;
  /** Of its server; `ed25519` by default. */
  readonly hostKeys?: readonly HostKeyType[];
  /**
   * A user who is made up for this host, and who may log in by a password as well as by key. The
   * user of this program by default, by key alone.
   */
  readonly account?: Account;
  /**
   * That of this program by default. `none`: there is none on PATH, nor where programs usually are.
   * A version: what says that it is this, and does nothing else.
   */
  readonly node?: 'none' | `v${number}.${number}.${number}`;
  /** A number: a file system of so many mebibytes of its own, gone with the host's power. */
  readonly home?: 'read-only' | number;
  /** Whether ports and sockets may be forwarded; yes by default. */
  readonly forwarding?: boolean;
  /** How many commands a connection may run at once; 10 by default, as everywhere. */
  readonly maxSessions?: number;
  /** More lines of sshd_config, which come first: they prevail. */
  readonly lines?: readonly string[];
}

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface Account {
  readonly user: string;
  readonly password: string;
  /** `password` by default: as the protocol's method of that name, or as answers to questions. */
  readonly asked?: 'password' | 'keyboard-interactive';
}

/** What a server needs to know. */
export interface ServerLayout {
  readonly port: number;
  /** Where keys and lists are, as the server sees it. */
  readonly etc: string;
  /** What everything that its users start has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where file transfers begin. */
  readonly home: string;
}

/** The text of sshd_config. */
export function sshdConfig(options: SshHostOptions, layout: ServerLayout): string {
  const { hostKeys = ['ed25519'], account, forwarding = true, maxSessions = 10 } = options;
  const { port, etc, environment, home } = layout;
  const asked = account === undefined ? undefined : (account.asked ?? 'password');
  const variables = Object.entries(environment).map(([name, value]) => `"${name}=${value}"`);
  return [
    // The first of two lines counts.
    ...(options.lines ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map((type) => `HostKey ${etc}/${hostKeyFile(type)}`),
    `AuthorizedKeysFile ${etc}/authorized_keys`,
    // The temporary directory, which everybody may write to, is above.
    'StrictModes no',
    'PermitRootLogin yes',
    `PasswordAuthentication ${yes(asked === 'password')}`,
    `KbdInteractiveAuthentication ${yes(asked === 'keyboard-interactive')}`,
    `UsePAM ${yes(asked === 'keyboard-interactive')}`,
    `AllowTcpForwarding ${yes(forwarding)}`,
    `AllowStreamLocalForwarding ${yes(forwarding)}`,
    `MaxSessions ${maxSessions}`,
    // Tests connect many times at once, and fail to authenticate without being attackers.
    'MaxStartups 100',
    'MaxAuthTries 10',
    'UseDNS no',
    'PrintMotd no',
    'PidFile none',
    'LogLevel VERBOSE',
    'PermitUserEnvironment yes',
    `SetEnv ${variables.join(' ')}`,
    `Subsystem sftp internal-sftp -d ${home}`,
    '',
  ].join('\n');
}

export function hostKeyFile(type: HostKeyType): string {
  return `ssh_host_${type}_key`;
}

/** The name by which hosts know each other, and nobody else knows them. */
function innerName(name: string): string {
  return `${name}.inside`;
}

/** What a client needs to know of a host. */
export interface Reachable {
  readonly name: string;
  readonly user: string;
  readonly port: number;
}

/** The text of a client's ssh_config: hosts by their names. */
export function clientConfig(
  hosts: readonly Reachable[],
  files: { readonly knownHosts: string; readonly identity: string },
): string {
  const each = hosts.flatMap(({ name, user, port }) => [
    `Host ${name}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${user}`,
  ]);
  return [
    ...each,
    'Host *',
    `  IdentityFile ${files.identity}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${files.knownHosts}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n');
}

/** Lines of known_hosts for one public key, `type base64`. */
export function knownHostsLines({ name, port }: Reachable, publicKey: string): string[] {
  return ['127.0.0.1', innerName(name)].map((host) => `[${host}]:${port} ${publicKey}`);
}

/** The text of /etc/hosts on every host. */
export function etcHosts(hosts: readonly { readonly name: string }[]): string {
  const names = hosts.flatMap(({ name }) => [name, innerName(name)]);
  return `127.0.0.1 localhost ${names.join(' ')}\n`;
}

function yes(is: boolean): string {
  return is ? 'yes' : 'no';
}

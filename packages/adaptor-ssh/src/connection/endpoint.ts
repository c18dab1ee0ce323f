/**
 * From a target and ssh's configuration to all that is needed to connect: address, way, keys, options.
 * Tokens are resolved here, and what is not supported is refused by name.
 */
import { userInfo } from 'node:os';
import { AdaptorError, type Log } from '@pstar/core/adaptor';
import { type AlgorithmOffer, algorithmOffer } from './algorithms.ts';
import { duration, expandTokens, isNo, isOneOf, isYes, portNumber } from './setting-values.ts';
import { expandHome, readSettings, resolveHostname, type SshSettings } from './ssh-config.ts';
import type { SshTarget } from './ssh-host.ts';

/** A target, and the way to it where somebody else's ProxyJump has said it. */
export interface HopTarget extends SshTarget {
  readonly jumps?: readonly SshTarget[];
}

/** A machine, and how it is connected to. */
export interface Endpoint {
  readonly target: HopTarget;
  /** To dial. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly family: 0 | 4 | 6;
  readonly localAddress?: string;
  /** The machines between, the nearest first; of the last one the configuration says the way. */
  readonly jumps: readonly SshTarget[];
  /** A command whose input and output are the connection. */
  readonly proxyCommand?: string;
  readonly identityFiles: readonly string[];
  /** Whether no other keys of the agent are tried. */
  readonly identitiesOnly: boolean;
  /** The agent's socket; undefined where there is none, or it is not wanted. */
  readonly agent?: string;
  readonly methods: readonly AuthenticationMethod[];
  readonly passwordPrompts: number;
  readonly hostKeyAlias?: string;
  readonly knownHosts: readonly string[];
  readonly algorithms: AlgorithmOffer;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
}

/** Ways for users to prove who they are. */
export type AuthenticationMethod = 'publickey' | 'keyboard-interactive' | 'password';

const METHODS: readonly AuthenticationMethod[] = ['publickey', 'keyboard-interactive', 'password'];
const DEFAULT_IDENTITIES = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];

/** Reads what the configuration says of a target. */
export function resolveEndpoint(target: HopTarget, log?: Log): Endpoint {
  const { host: name, user: asUser, port: atPort, config } = target;
  const settings = readSettings({ host: name, user: asUser, port: atPort, file: config });
  refuseUnsupported(settings, name);
  const user = settings.user ?? userInfo().username;
  const port = portNumber(settings.port ?? '22', name);
  // A name, unlike an address, means the same in any case, and known_hosts has it in lower case.
  const host = resolveHostname(settings, name).toLowerCase();
  const expand = (text: string) =>
    expandTokens(text, { name, host, port, user, alias: settings.hostkeyalias ?? host });
  warnOfChecking(settings, name, log);
  return {
    target,
    host,
    port,
    user,
    family: settings.addressfamily === 'inet' ? 4 : settings.addressfamily === 'inet6' ? 6 : 0,
    ...(settings.bindaddress !== undefined && { localAddress: settings.bindaddress }),
    ...way(settings, target, { host, port, user }, expand),
    ...identities(settings, target, expand),
    methods: methods(settings),
    passwordPrompts: Number(settings.numberofpasswordprompts ?? 3),
    ...(settings.hostkeyalias !== undefined && { hostKeyAlias: settings.hostkeyalias }),
    knownHosts: knownHostsFiles(settings, target, expand),
    algorithms: algorithmOffer(settings),
    connectTimeoutMs: duration(settings.connecttimeout, 30),
    keepaliveMs: duration(settings.serveraliveinterval, 15),
    keepaliveCount: Number(settings.serveralivecountmax ?? 3),
  };
}

/** For messages: `node1 port 22`; where it is an alias, its address comes behind it: `h1 at 10.0.0.7 port 22`. */
export function placeOf({ target, host, port }: Endpoint): string {
  const isAlias = target.host.toLowerCase() !== host;
  return isAlias ? `${target.host} at ${host} port ${port}` : `${target.host} port ${port}`;
}

/** Equal for endpoints that are one machine, whoever logs in: an address means what it does at the end of its way. */
export function machineOf({ host, port, jumps, proxyCommand }: Endpoint): string {
  return JSON.stringify([host, port, jumps.map((jump) => [jump.host, jump.port]), proxyCommand]);
}

function refuseUnsupported(settings: SshSettings, subject: string): void {
  const refuse = (what: string, hint: string) => {
    throw new AdaptorError('URL_INVALID', `${what} is not supported`, { subject, hint });
  };
  const { canonicalizehostname: canonical = 'no', knownhostscommand = 'none' } = settings;
  if (settings.certificatefile?.some((file) => file !== 'none')) {
    refuse('CertificateFile', 'use a key, or another configuration by ?config=FILE');
  }
  if (canonical !== 'no') refuse('CanonicalizeHostname', 'write the full name of the host');
  if (knownhostscommand !== 'none') refuse('KnownHostsCommand', 'write its keys into a file');
  if (isYes(settings.proxyusefdpass)) {
    refuse('ProxyUseFdpass', 'use ProxyJump, or a ProxyCommand that passes the data');
  }
}

function warnOfChecking({ stricthostkeychecking: value }: SshSettings, host: string, log?: Log) {
  if (value === undefined || ['yes', 'true', 'ask'].includes(value)) return;
  log?.warn(
    `${host}: StrictHostKeyChecking ${value} is read as yes: unknown host keys are refused`,
  );
}

function way(
  settings: SshSettings,
  target: HopTarget,
  self: { host: string; port: number; user: string },
  expand: (text: string) => string,
): { jumps: SshTarget[]; proxyCommand?: string } {
  const { proxycommand: command, proxyjump: jump } = settings;
  if (target.jumps !== undefined) return { jumps: [...target.jumps] };
  if (command !== undefined && command.toLowerCase() !== 'none') {
    return { jumps: [], proxyCommand: expand(command) };
  }
  if (jump === undefined || jump.toLowerCase() === 'none') return { jumps: [] };
  const files = filesOf(target);
  const jumps = jump.split(',').map((one) => ({ ...parseJump(expand(one.trim())), ...files }));
  const last = jumps.at(-1);
  // `Host *` with ProxyJump is meant for all but the machine that is the way.
  const isSelf = last?.host === target.host || last?.host === self.host;
  if (isSelf && (last?.port ?? self.port) === self.port) return { jumps: [] };
  return { jumps };
}

/** The machines between are looked up in the same files; keys of theirs are their own configuration's. */
function filesOf({ config, knownHosts }: SshTarget): Partial<SshTarget> {
  return {
    ...(config !== undefined && { config }),
    ...(knownHosts !== undefined && { knownHosts }),
  };
}

function parseJump(text: string): SshTarget {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:[\]@]+))(?::(\d+))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    throw new AdaptorError('URL_INVALID', 'ProxyJump names no host', {
      subject: text,
      hint: 'write [user@]host[:port]',
    });
  }
  return {
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: portNumber(port, text) }),
  };
}

function identities(
  settings: SshSettings,
  target: SshTarget,
  expand: (text: string) => string,
): Pick<Endpoint, 'identityFiles' | 'identitiesOnly' | 'agent'> {
  const configured = settings.identityfile;
  const files = [
    ...(target.identity === undefined ? [] : [target.identity]),
    ...(configured ?? (target.identity === undefined ? DEFAULT_IDENTITIES : [])),
  ].filter((file) => file !== 'none');
  const agent = agentSocket(settings.identityagent, expand);
  return {
    identityFiles: files.map((file) => expandHome(expand(file))),
    identitiesOnly: isYes(settings.identitiesonly),
    ...(agent !== undefined && { agent }),
  };
}

function agentSocket(given: string | undefined, expand: (text: string) => string) {
  if (given === 'none') return undefined;
  if (given === undefined || given === 'SSH_AUTH_SOCK')
    return process.env['SSH_AUTH_SOCK'] || undefined;
  if (/^\$[A-Za-z_]\w*$/.test(given)) return process.env[given.slice(1)] || undefined;
  return expandHome(expand(given));
}

function knownHostsFiles(
  settings: SshSettings,
  target: SshTarget,
  expand: (text: string) => string,
): string[] {
  const user =
    target.knownHosts === undefined
      ? (settings.userknownhostsfile ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'])
      : [target.knownHosts];
  const global = settings.globalknownhostsfile ?? [
    '/etc/ssh/ssh_known_hosts',
    '/etc/ssh/ssh_known_hosts2',
  ];
  return [...user, ...global]
    .filter((file) => file !== 'none')
    .map((file) => expandHome(expand(file)));
}

function methods(settings: SshSettings): AuthenticationMethod[] {
  const { preferredauthentications: preferred } = settings;
  const wanted: readonly string[] = preferred?.split(',').map((word) => word.trim()) ?? METHODS;
  const allowed: Readonly<Record<AuthenticationMethod, string | undefined>> = {
    publickey: settings.pubkeyauthentication,
    'keyboard-interactive': settings.kbdinteractiveauthentication,
    password: settings.passwordauthentication,
  };
  return wanted.filter(
    (method): method is AuthenticationMethod => isOneOf(METHODS, method) && !isNo(allowed[method]),
  );
}

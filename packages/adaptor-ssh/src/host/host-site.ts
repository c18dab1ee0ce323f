/**
 * A place on a host: what a launch needs is brought there, agents are told where their manager is, and
 * what they leave is fetched. Whether they are started by us or by a resource manager of that host is
 * not known here.
 */
import {
  AdaptorError,
  type AgentLaunch,
  abortable,
  type Clock,
  type ConnectContext,
  type Log,
  PilotError,
  type PilotErrorCode,
  relocate,
} from '@pstar/core/adaptor';
import type { RemoteAddress, SshHost, Tunnel } from '../connection/ssh-host.ts';
import { RelayTunnel } from '../relay/relay-tunnel.ts';
import { AddressBook } from './address-book.ts';
import {
  type BootstrapQuestion,
  bootstrapScript,
  type FoundNode,
  type HostFacts,
  noCache,
  nodeOf,
  noNode,
  readFacts,
} from './bootstrap.ts';
import { putInCache } from './cache.ts';
import {
  koffiFile,
  type LocalFile,
  localFile,
  nodeFile,
  ownPlatform,
  type Platform,
  relayFile,
} from './local-files.ts';

/** A login shell may take its time, and so may a file system that is far away. */
const TIMEOUT_MS = 60_000;

/** What a place is made with. */
export interface HostSiteParts {
  readonly host: SshHost;
  /** Where this program listens for agents. */
  readonly manager: RemoteAddress;
  /** Takes connections of agents that come by a socket of theirs. */
  readonly admit?: ConnectContext['admit'];
  /** Where agents reach this host that are on others, see {@link OWN_ADDRESS}; without it they are on this one. */
  readonly listen?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A launch as it is over there. */
export interface PlacedThere {
  readonly launch: AgentLaunch;
  /** The Node.js that was found. */
  readonly program: string;
}

/** What is said of a directory that a description names, by what is said of the file. */
const REFUSALS: ReadonlyMap<PilotErrorCode, PilotErrorCode> = new Map([
  ['NOT_FOUND', 'DESCRIPTION_INVALID'],
  ['PERMISSION_DENIED', 'DESCRIPTION_INVALID'],
  // It may as well be the disk over there.
  ['ADAPTOR_FAILED', 'ADAPTOR_FAILED'],
]);
const HINT = 'write a directory that is there, or can be made, and that you may write to';

/** What a launch asks of a host. */
interface Needs extends Pick<BootstrapQuestion, 'node' | 'scratch' | 'initCommands'> {
  readonly sendNode: boolean;
  readonly agentFile: string;
}

/** What a host has for a launch. */
interface Provided {
  readonly cache: string;
  readonly node: string;
  readonly agentFile: string;
  readonly koffi?: string;
}

/** One host, while there is a connection to it. */
export class HostSite {
  readonly host: SshHost;
  readonly #parts: HostSiteParts;
  readonly #book: AddressBook;
  /** What is being provided, by what was asked for: those that ask for the same wait for one answer. */
  readonly #providing = new Map<string, Promise<Provided>>();
  #tunnel: Promise<Tunnel> | undefined;
  /** Needed where a relay has to be started. */
  #program: string | undefined;
  #closed = false;

  constructor(parts: HostSiteParts) {
    this.#parts = parts;
    this.host = parts.host;
    this.#book = new AddressBook(parts.host, async () => (await this.tunnel()).remote, parts);
  }

  /**
   * Brings a launch's settings there, and all that it needs besides; the cache apart they are in a
   * directory of its own. Given up, it waits for the cache no longer, which others may need as well.
   *
   * @throws PilotError that says what the host does not have, and what to do
   */
  async place(launch: AgentLaunch, signal?: AbortSignal): Promise<PlacedThere> {
    const { agent = {}, initCommands = [], workingDirectory } = launch.description;
    const providing = this.#provide({
      initCommands,
      sendNode: agent.sendNode ?? false,
      agentFile: launch.agentFile,
      ...(agent.node !== undefined && { node: agent.node }),
      ...(agent.scratch !== undefined && { scratch: agent.scratch }),
    });
    const { cache, node, ...provided } = await abortable(providing, signal, 'providing the agent');
    this.#program = node;
    const { remote: manager } = await abortable(this.tunnel(), signal, 'the way to the manager');
    const directory = `${agent.scratch ?? `${cache}/pilots`}/${launch.name}`;
    const { files } = this.host.runner;
    const ofScratch = agent.scratch === undefined ? undefined : 'agent.scratch';
    await this.#makeDirectory(directory, 0o700, ofScratch);
    const managerSocket = await this.#listen(directory);
    const there = relocate(launch, {
      directory,
      node,
      manager,
      ...provided,
      ...(managerSocket !== undefined && { managerSocket }),
    });
    if (workingDirectory !== undefined) {
      await this.#makeDirectory(workingDirectory, 0o755, 'workingDirectory');
    }
    await files.write(there.launch.settingsFile, there.settings, { mode: 0o600 });
    this.#book.add(directory, manager);
    return { launch: { ...there.launch, logFile: `${directory}/agent.log` }, program: node };
  }

  /** Has the agent of an earlier process find its manager. */
  adopt(directory: string, program: string | undefined): void {
    this.#program ??= program;
    // The better way is there first.
    void this.#listen(directory).finally(() => this.#book.add(directory));
  }

  /** The agent there needs to hear nothing more. */
  release(directory: string): void {
    this.#book.remove(directory);
    void this.host.unlisten(socketIn(directory)).catch(() => {});
  }

  /** Runs a shell script over there, and gives what it has written. */
  async run(script: string, timeoutMs = TIMEOUT_MS): Promise<string> {
    const { exitCode, stdout, stderr } = await this.host.runner.run(['/bin/sh', '-s'], {
      input: script,
      timeoutMs,
    });
    if (exitCode === 0) return stdout;
    const problem = stderr.trim() || `a script has ended with exit code ${exitCode}`;
    throw new AdaptorError('ADAPTOR_FAILED', problem, { subject: this.host.name });
  }

  /** How agents reach their manager from there. */
  tunnel(): Promise<Tunnel> {
    this.#tunnel ??= this.#openTunnel();
    this.#tunnel.catch(() => {
      this.#tunnel = undefined;
    });
    return this.#tunnel;
  }

  /** The tunnel, if one was needed until now. */
  async openTunnel(): Promise<Tunnel | undefined> {
    return this.#tunnel?.catch(() => undefined);
  }

  /** Where a launch is that may have been placed; undefined where nothing can be. */
  async directoryOf(launchName: string, scratch: string | undefined): Promise<string | undefined> {
    if (scratch !== undefined) return `${scratch}/${launchName}`;
    const { cache } = await this.#ask({ initCommands: [], files: [] });
    return cache && `${cache}/pilots/${launchName}`;
  }

  /** @param attribute what the directory comes from, if it is the description that is to be changed */
  async #makeDirectory(path: string, mode: number, attribute?: string): Promise<void> {
    try {
      await this.host.runner.files.makeDirectory(path, mode);
    } catch (error) {
      const code = error instanceof AdaptorError ? REFUSALS.get(error.code) : undefined;
      if (attribute === undefined || code === undefined) throw error;
      const { problem, hint = HINT } = error as AdaptorError;
      throw new AdaptorError(code, `${path} cannot be made on ${this.host.name}: ${problem}`, {
        subject: attribute,
        hint,
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#book.close();
    const tunnel = await this.#tunnel?.catch(() => undefined);
    await tunnel?.close();
    await this.host.close();
  }

  /** Where agents of that directory reach the manager without a port, if they can. */
  async #listen(directory: string): Promise<string | undefined> {
    const { host, admit, listen } = this.#parts;
    // Agents that are on other machines see the socket, and cannot connect to it.
    if (admit === undefined || listen !== undefined) return undefined;
    const path = socketIn(directory);
    const isThere = await host.listen(path, (stream) => admit(stream, `${host.name}:${path}`));
    return isThere ? path : undefined;
  }

  async #openTunnel(): Promise<Tunnel> {
    const tunnel = await this.#forward();
    tunnel.remote$.subscribe(() => this.#book.publish());
    if (this.#closed) await tunnel.close();
    return tunnel;
  }

  async #forward(): Promise<Tunnel> {
    const { host, manager: to, listen, clock, log } = this.#parts;
    if (listen === undefined) {
      try {
        return await host.forward(to);
      } catch (error) {
        if (!(error instanceof PilotError) || error.code !== 'OPERATION_UNSUPPORTED') throw error;
        log.info({ host: host.name, err: error }, 'a relay takes the place of a forwarded port');
      }
    }
    const node = this.#program;
    const file = await relayFile();
    const question = { initCommands: [], files: [file], ...(node !== undefined && { node }) };
    const facts = await this.#ask(question);
    const program = this.#nodeOf(facts, node);
    const cache = this.#cacheOf(facts);
    if (!facts.files.has(file.name)) await putInCache(host.runner, cache, [file]);
    const command = [program.path, `${cache}/${file.name}`];
    return RelayTunnel.open({ host, to, command, listen: listen ?? '127.0.0.1', clock, log });
  }

  #provide(needs: Needs): Promise<Provided> {
    const key = JSON.stringify(needs);
    const known = this.#providing.get(key);
    if (known !== undefined) return known;
    const provided = this.#provideNow(needs).finally(() => this.#providing.delete(key));
    this.#providing.set(key, provided);
    return provided;
  }

  async #provideNow({ sendNode, agentFile, ...question }: Needs): Promise<Provided> {
    const agent = await localFile(agentFile, 'agent', extensionOf(agentFile));
    const own = await ownPlatform();
    const platforms = [own, { ...own, libc: own.libc === 'musl' ? 'glibc' : 'musl' } as const];
    const koffis = await Promise.all(platforms.map(koffiFile));
    const binary = sendNode ? await nodeFile() : undefined;
    const files = [agent, ...koffis, binary].filter((file) => file !== undefined);
    const facts = await this.#ask({ ...question, files });
    const cache = this.#cacheOf(facts);
    const node = binary === undefined ? this.#nodeOf(facts, question.node) : undefined;
    if (binary !== undefined) refuseOtherPlatform(this.host.name, facts, own);
    const platform = node === undefined ? own : (node as FoundNode & Platform);
    const koffi = koffis[platforms.findIndex((each) => isSamePlatform(each, platform))];
    const wanted = [agent, koffi, binary].filter((file) => file !== undefined);
    await putInCache(
      this.host.runner,
      cache,
      wanted.filter(({ name }) => !facts.files.has(name)),
    );
    const at = ({ name }: LocalFile) => `${cache}/${name}`;
    if (binary !== undefined) await this.#refuseDeadNode(at(binary));
    return {
      cache,
      node: node?.path ?? at(binary as LocalFile),
      agentFile: at(agent),
      ...(koffi !== undefined && { koffi: at(koffi) }),
    };
  }

  async #ask(question: BootstrapQuestion): Promise<HostFacts> {
    return readFacts(await this.run(bootstrapScript(question)));
  }

  #cacheOf(facts: HostFacts): string {
    if (facts.system !== 'Linux') {
      throw new AdaptorError(
        'OPERATION_UNSUPPORTED',
        `agents need Linux, and this is ${facts.system}`,
        {
          subject: this.host.name,
        },
      );
    }
    if (facts.cache === undefined) throw noCache(this.host.name, facts);
    return facts.cache;
  }

  #nodeOf(facts: HostFacts, wanted: string | undefined): FoundNode {
    const node = nodeOf(facts);
    if (node === undefined) throw noNode(this.host.name, facts, wanted);
    return node;
  }

  /** A binary of another system's libraries is refused by the loader, in its own words. */
  async #refuseDeadNode(path: string): Promise<void> {
    const { exitCode, stderr } = await this.host.runner.run([path, '--version']);
    if (exitCode === 0) return;
    throw new AdaptorError(
      'OPERATION_UNSUPPORTED',
      `the Node.js of this machine does not run there: ${stderr.trim()}`,
      {
        subject: this.host.name,
        hint: "install Node.js there, and name it by agent: { node: '/path/to/node' }",
      },
    );
  }
}

function socketIn(directory: string): string {
  return `${directory}/manager.sock`;
}

function isSamePlatform(a: Platform, b: Platform): boolean {
  return a.platform === b.platform && a.arch === b.arch && a.libc === b.libc;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  aarch64: 'arm64',
  riscv64: 'riscv64',
  loongarch64: 'loong64',
};

function refuseOtherPlatform(host: string, facts: HostFacts, own: Platform): void {
  const there = `${facts.system.toLowerCase()} ${ARCHITECTURES[facts.machine] ?? facts.machine} ${facts.libc}`;
  const here = `${own.platform} ${own.arch} ${own.libc}`;
  if (there === here) return;
  throw new AdaptorError(
    'OPERATION_UNSUPPORTED',
    `the Node.js of this machine is for ${here}, and that host is ${there}`,
    {
      subject: host,
      hint: 'install Node.js there, and leave agent.sendNode out',
    },
  );
}

function extensionOf(path: string): string {
  return /\.\w+$/.exec(path)?.[0] ?? '';
}

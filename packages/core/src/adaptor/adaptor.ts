/**
 * The contract with resource managers. An adaptor gets a command started somewhere, says how that
 * native job is doing, and ends it; it knows nothing of work, of scheduling, nor of what the agent
 * that it starts says to its manager. It reports what it sees: conclusions are the core's.
 */
import type { Duplex } from 'node:stream';
import type { ZodType } from 'zod';
import type {
  ParsedPilotJobDescription,
  PilotJobDescription,
} from '../model/pilot-job-description.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { CommandRunner } from './command-runner.ts';

/** The number of this contract; raised when an adaptor written for an older one would misbehave. */
export const ADAPTOR_CONTRACT = 1;

/** The name of a pilot's attribute. */
export type PilotAttribute = keyof PilotJobDescription & string;

/** What the core does by itself, whatever the resource manager can do. */
export const CORE_PILOT_ATTRIBUTES: readonly PilotAttribute[] = [
  'agent',
  'cleanup',
  'environment',
  'idleTimeout',
  'name',
  'output',
  'wallTimeLimit',
  'workingDirectory',
];

/** Credentials for a resource manager: the fields of a SAGA context that this adaptor reads. */
export interface SecurityContext {
  /** For instance `ssh`. */
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly userPass?: string | undefined;
  /** A file with the user's private key. */
  readonly userKey?: string | undefined;
  /** A file with the user's certificate. */
  readonly userCert?: string | undefined;
  /**
   * Asked for what is not written here, whenever it is needed. Neither it nor an answer is written
   * down: later processes get it by `open({ prompt })`.
   */
  readonly prompt?: SecurityPrompt | undefined;
}

/** What somebody has to answer before there is a connection. */
export interface SecurityQuestion {
  /** As it is to be shown: `Verification code: `. */
  readonly text: string;
  /** Whether the answer may be seen while it is typed. */
  readonly echo: boolean;
  readonly kind: 'password' | 'passphrase' | 'keyboard-interactive';
  readonly host: string;
  readonly user: string;
}

/** Answers a question; a rejection gives the connection up. */
export type SecurityPrompt = (question: SecurityQuestion) => string | Promise<string>;

/** What an adaptor works with while it is connected. */
export interface ConnectContext {
  /** Not to be logged, nor to be kept where others can read it. */
  readonly security?: SecurityContext;
  readonly log: Log;
  readonly clock: Clock;
  /**
   * Where the resource manager's commands run, with the files that they and its nodes see. Whoever
   * works by this alone works from afar as well, behind a {@link Gateway}; it is closed by the core.
   */
  readonly runner: CommandRunner;
  /**
   * Where this program listens for agents at present, for whoever dials from this machine; what agents
   * are told to dial is {@link AgentLaunch.manager}.
   */
  readonly manager: { readonly host: string; readonly port: number };
  /**
   * Takes an agent's connection in place of one to {@link ConnectContext.manager}, for an adaptor that
   * has a way on which nobody but the user can connect, or listen, or read: nothing is encrypted on it
   * again. What comes out of the stream is the core's, with the memory that it is in.
   * `peer` is for people.
   */
  readonly admit?: (stream: Duplex, peer: string) => void;
  /**
   * For what the adaptor wants to keep; mode 0700, its own, the same for every connection to this
   * URL with these credentials, also of a later process. Nobody else writes there or cleans up.
   */
  readonly directory: string;
}

/** The door to one kind of resource manager; what {@link defineAdaptor} makes. */
export interface Adaptor {
  /** The `slurm` of `slurm://`. */
  readonly scheme: string;
  /** The `http` of `slurm+http://`, where that is this adaptor's own; all else are gateways' schemes. */
  readonly transports?: readonly string[];
  readonly contract: number;
  /** Of the URL's query, as a strict object; without one a query is refused. */
  readonly optionsSchema?: ZodType;
  /**
   * Attributes of pilots that it honours, beyond {@link CORE_PILOT_ATTRIBUTES}; all others are
   * refused by name before it sees them. With `wallTimeLimit` among them the resource manager is
   * told the limit, and agents end a little before it.
   */
  readonly attributes: readonly PilotAttribute[];
  /**
   * Connects; several connections may be open at once, also to the same place. It is tried again,
   * with back-off, where pilots of an earlier process wait for it.
   *
   * @throws PilotError when the resource manager cannot be reached or refuses the credentials.
   */
  connect(rm: URL, context: ConnectContext): Promise<ResourceManager>;
  /**
   * Opens a place where the commands of other adaptors run: `slurm+ssh://` is `slurm` through the
   * gateway of `ssh`. Tried again with back-off, as {@link Adaptor.connect} is.
   *
   * @param rm the whole URL, but of its options those alone that are this adaptor's
   * @throws PilotError as {@link Adaptor.connect} does.
   */
  openGateway?(rm: URL, context: ConnectContext): Promise<Gateway>;
}

/** What an agent is to offer where the resource manager does not confine it. */
export interface AgentOffer {
  readonly cores?: number;
  /** Bytes. */
  readonly memory?: number;
}

/**
 * A connection to one resource manager. Everything may be called while anything else is under way,
 * but for {@link ResourceManager.states} and {@link ResourceManager.cancel}: of these one call is
 * made after the other. Errors are PilotErrors, with the resource manager's own words.
 *
 * {@link ResourceManager.states}, {@link ResourceManager.cancel} and {@link ResourceManager.find} that
 * have not settled after 3 min count as rejected: they are called again, perhaps while that call is
 * under way, and what it says later is dropped. {@link ResourceManager.close} has 10 s.
 */
export interface ResourceManager {
  /**
   * Hands a launch over and gives its native id, once, and in parallel with others: a word without
   * meaning to the core, that names this native job for every later connection as well. An id that is
   * another pilot's, whose native job is not over, is refused, and so is one with line breaks or
   * control characters, or of more than 1000 characters. The agent may call its manager before
   * this settles.
   *
   * It may take as long as it needs. When the signal is aborted it is to reject soon: 10 s later it is
   * given up, and what it accepts after that is canceled.
   *
   * A rejection says that it was not accepted. As that cannot always be known, the core asks
   * {@link ResourceManager.find} before it believes it: once for a refusal, and for `TIMEOUT`,
   * `CONNECTION_LOST`, `ABORTED` and whatever is no PilotError until there is an answer. What is
   * found is taken for accepted. An adaptor need not look again itself, and never submits twice.
   */
  submit(launch: AgentLaunch, options?: { readonly signal?: AbortSignal }): Promise<string>;
  /**
   * The states of the native jobs asked for, in one call to the resource manager, however many; the
   * core polls, with back-off.
   *
   * One that is not known there, not yet or not any more, is `Unknown` or left out, and no error. It
   * is given up when all answers of a minute have called it unknown and none of its agents reports.
   * What became of one that is over should be known for a minute at least, if that is possible.
   *
   * A rejection says that the resource manager does not answer. Then nothing is concluded, and the
   * core asks again for as long as it takes.
   */
  states?(ids: readonly string[]): Promise<readonly NativeState[]>;
  /**
   * States pushed as they come, besides polls, or in place of them if the end of every native job
   * is sure to be among them.
   */
  readonly states$?: Subscribable<NativeState>;
  /**
   * The native id of what was submitted under a launch's name, by this process or an earlier one,
   * whether it still runs or not; undefined says that it never was, or is long over. Without this,
   * what was being submitted in a crash or a time-out is lost.
   */
  find?(launchName: string): Promise<string | undefined>;
  /**
   * Has native jobs ended: pending, running, suspended. Idempotent, and for those that are over or
   * unknown there is nothing to do, which is no error. May settle before they are over; a rejection
   * is tried again.
   */
  cancel(ids: readonly string[]): Promise<void>;
  /** Sends a signal to what runs of a native job, by its name: `SIGUSR1`. */
  signal?(id: string, signal: string): Promise<void>;
  /**
   * Kills what runs on this machine, without a grace and before it returns; called when this
   * program is about to be killed itself.
   */
  kill?(ids: readonly string[]): void;
  /**
   * What {@link submit} hands over for this launch, as the resource manager's users know it. May be
   * asked for at any time: it neither needs nor makes files.
   */
  render(launch: AgentLaunch): Promise<string>;
  /** What it is, for people. */
  info(): Promise<ResourceManagerInfo>;
  /** Lets go of what the connection holds; native jobs live on. Idempotent, and the last call. */
  close(): Promise<void>;
  /**
   * Whether its nodes see the files of this machine under the same names; true by default. Where they
   * do not, the adaptor brings over what agents need and back what they leave, and absolute names in
   * `input`, `output` and `error` of units are files of this machine that travel.
   */
  readonly sharesFiles?: boolean;
  /**
   * Whether agents are this user's processes on this very machine; false by default. They then come by
   * a unix socket in the service's directory, and nothing is encrypted on the way.
   */
  readonly agentsAreHere?: boolean;
  /** What an agent of such a pilot is to offer, where nothing confines it to that. */
  offer?(description: ParsedPilotJobDescription): AgentOffer;
  /** Between two polls when nothing happens; 10 s by default. */
  readonly pollIntervalMs?: number;
  /**
   * How long an agent may take to report; counted from the moment the native job runs, or from its
   * acceptance with `registersFrom: 'acceptance'`. 5 min by default.
   */
  readonly registrationTimeoutMs?: number;
  readonly registersFrom?: 'running' | 'acceptance';
}

/**
 * A connection to a place far away, where an adaptor's commands run and its nodes are, and which sees
 * nothing of this machine but what is brought there. It is made again by itself when it is lost; what
 * is asked for meanwhile waits, or is rejected with `CONNECTION_LOST`.
 *
 * It writes down in its {@link ConnectContext.directory} which launches it has over there. Whenever
 * the way to this program has become another one, and when it is opened again by a later process, it
 * tells all of them, in the file that their settings name for that.
 */
export interface Gateway {
  /** Closed with the gateway. */
  readonly runner: CommandRunner;
  /**
   * Brings over what agents of a launch need, and gives the launch with the paths over there, and
   * with the address at which its manager is dialed from there. Done again, it begins anew. Once
   * the signal is aborted it rejects soon, and nothing is brought over from then on.
   *
   * @throws PilotError that says what is missing over there, and what to do
   */
  place(launch: AgentLaunch, options?: { readonly signal?: AbortSignal }): Promise<AgentLaunch>;
  /**
   * Brings what agents of a launch have left until now (the files of `kept`) into `kept` of the
   * launch's own directory here, and leaves it there as well: others of them may run. One that is not
   * known there is no error.
   */
  fetch(launchName: string): Promise<void>;
  /**
   * Called when nothing of a launch runs any more: brings what its agents have left (the files of
   * `kept`, the log) into the launch's own directory and log file here, and removes all of it there.
   * Idempotent, and also for launches of an earlier process; one that is not known there is no error.
   */
  collect(launchName: string): Promise<void>;
  /** Removes what {@link Gateway.place} has brought for a launch that came to nothing. Idempotent. */
  release(launchName: string): Promise<void>;
  /** Idempotent; what runs over there lives on. */
  close(): Promise<void>;
}

/** The state of a native job in our words; what these cannot say goes into `detail`. */
export interface NativeState {
  readonly id: string;
  /**
   * `Done`, `Canceled` and `Failed` are final: nothing of it runs any more, nor ever will again. While
   * an agent of it is in touch they are not believed: its agents are ended, and it is asked again. One
   * that goes back into the queue is `Pending`. When in doubt, say `Unknown`; any other word is taken
   * for it, with a warning.
   */
  readonly state: 'Pending' | 'Running' | 'Suspended' | 'Done' | 'Canceled' | 'Failed' | 'Unknown';
  /** In the resource manager's own words: `PENDING (Resources)`. */
  readonly detail: string;
  /**
   * The way out, as an imperative: `ask for 2h at most, or another queue`. With `Pending` it says
   * that the native job will not run as it stands.
   */
  readonly hint?: string;
  /**
   * The nodes that it has now, where the resource manager says so, by the names that agents give
   * theirs. An agent on any other that is out of touch as well counts as over.
   */
  readonly nodes?: readonly string[];
  readonly exitCode?: number;
  readonly signal?: string;
}

/**
 * What is to be started, and all that an adaptor may need to start it: {@link AgentLaunch.command},
 * once on each node that it is given, with {@link AgentLaunch.environment} and its output appended to
 * {@link AgentLaunch.logFile}. Agents tell themselves apart.
 *
 * To the environment of each agent a script may add `PSTAR_NODE_NAME`, `PSTAR_NODE_CORES`,
 * `PSTAR_NODE_MEMORY` (in bytes) and `PSTAR_NODE_GPUS` (how many): what it may use of its node, where
 * the agent would not see that itself. Empty ones count as unset, and units do not inherit them. An agent
 * is to be started without the `NODE_OPTIONS` of anybody else's program, as `agentScript()` does.
 */
export interface AgentLaunch {
  /** Unique for each submission, and a fit name for a native job: at most 64 of `[\w.-]`. */
  readonly name: string;
  /** The program and its arguments: node, the agent's file, the settings file. Never secret. */
  readonly command: readonly string[];
  /**
   * Holds the key, and is the only thing here that is secret: mode 0600, written before submit(),
   * to be copied only where the agent alone can read it. Removed when the pilot is over, or was not
   * accepted: what comes to run after all then ends by itself.
   */
  readonly settingsFile: string;
  readonly agentFile: string;
  /** Where agents will dial. An adaptor whose nodes cannot reach that refuses the launch. */
  readonly manager: { readonly host: string; readonly port: number };
  /**
   * The pilot's own, mode 0700; for the adaptor's scripts as well, which are to be 0600. What several
   * launches share may be made beside it, and is the adaptor's to remove.
   */
  readonly directory: string;
  /** Never secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** For what agents write to stdout and stderr; made by whoever starts them, mode 0600. */
  readonly logFile: string;
  readonly description: ParsedPilotJobDescription;
}

/** What a resource manager says of itself. */
export interface ResourceManagerInfo {
  /** `slurm 22.05.8`. */
  readonly name: string;
  readonly version?: string;
  /** Its other words, by name. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What ends a subscription. */
export interface Unsubscribable {
  /** Harmless the second time. */
  unsubscribe(): void;
}

/** What an observable must offer here; rxjs's do. */
export interface Subscribable<T> {
  /** Calls `next` with every value from now on, until unsubscribed. */
  subscribe(next: (value: T) => void): Unsubscribable;
}

/** Stamps an adaptor with the contract that it was written for. */
export function defineAdaptor(adaptor: Omit<Adaptor, 'contract'>): Adaptor {
  return { ...adaptor, contract: ADAPTOR_CONTRACT };
}

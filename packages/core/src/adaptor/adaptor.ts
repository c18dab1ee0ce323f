/**
 * The contract with resource managers. An adaptor gets a command started somewhere, says how that
 * native job is doing, and ends it; it knows nothing of work, of scheduling, nor of what the agent
 * that it starts says to its manager. It reports what it sees: conclusions are the core's.
 */
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
  readonly type?: string;
  readonly userId?: string;
  readonly userPass?: string;
  /** A file with the user's private key. */
  readonly userKey?: string;
  /** A file with the user's certificate. */
  readonly userCert?: string;
}

/** What an adaptor works with while it is connected. */
export interface ConnectContext {
  readonly security?: SecurityContext;
  readonly log: Log;
  readonly clock: Clock;
  /**
   * Where the resource manager's commands run. Whoever runs them by this alone works from afar as
   * well; it is closed by the core.
   */
  readonly runner: CommandRunner;
  /** For what the adaptor wants to keep; exists, mode 0700, the same for every connection. */
  readonly directory: string;
  readonly signal?: AbortSignal;
}

/** The door to one kind of resource manager; what {@link defineAdaptor} makes. */
export interface Adaptor {
  /** The `slurm` of `slurm://`; also serves `slurm+…://`. */
  readonly scheme: string;
  readonly contract: number;
  /** Of the URL's query, where it takes one. */
  readonly optionsSchema?: ZodType;
  /** Attributes of pilots that it honours, beyond {@link CORE_PILOT_ATTRIBUTES}. */
  readonly attributes: readonly PilotAttribute[];
  /** @throws PilotError when the resource manager cannot be reached or refuses the credentials. */
  connect(rm: URL, context: ConnectContext): Promise<ResourceManager>;
}

/** What an agent is to offer where the resource manager does not confine it. */
export interface AgentOffer {
  readonly cores?: number;
  /** Bytes. */
  readonly memory?: number;
}

/** A connection to one resource manager. The core calls it for many native jobs, and in parallel. */
export interface ResourceManager {
  /**
   * Gives the native id once the launch is accepted; rejects with the resource manager's own
   * sentence, and then nothing of it is left there.
   */
  submit(launch: AgentLaunch, options?: { readonly signal?: AbortSignal }): Promise<string>;
  /**
   * The states of the jobs asked for, in one call to the resource manager; the core polls, with
   * back-off. A job that it has never heard of, or has forgotten, is `Unknown`.
   */
  states?(ids: readonly string[]): Promise<readonly NativeState[]>;
  /** States pushed as they come, in place of polls or besides them. */
  readonly states$?: Subscribable<NativeState>;
  /** The native id of what was submitted under a launch's name, if it is still known. */
  find?(launchName: string): Promise<string | undefined>;
  /** Ends jobs. Idempotent, and unknown ids are no error. May settle before they are over. */
  cancel(ids: readonly string[]): Promise<void>;
  /** Sends a signal to a native job, by its name: `SIGUSR1`. */
  signal?(id: string, signal: string): Promise<void>;
  /**
   * Kills what runs on this machine, without a grace and before it returns; called when this
   * program is about to be killed itself.
   */
  kill?(ids: readonly string[]): void;
  /** What {@link submit} hands over for this launch, as the resource manager's users know it. */
  render(launch: AgentLaunch): Promise<string>;
  /** What it is, for people. */
  info(): Promise<ResourceManagerInfo>;
  /** Native jobs live on. Idempotent. */
  close(): Promise<void>;
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

/** The state of a native job in our words; what is lost in translation goes into `detail`. */
export interface NativeState {
  readonly id: string;
  readonly state: 'Pending' | 'Running' | 'Suspended' | 'Done' | 'Canceled' | 'Failed' | 'Unknown';
  /** In the resource manager's own words: `PENDING (Resources)`. */
  readonly detail: string;
  readonly exitCode?: number;
  readonly signal?: string;
}

/** What is to be started, and all that an adaptor may need to start it. */
export interface AgentLaunch {
  /** Unique for each submission, and a fit name for a native job. */
  readonly name: string;
  /** The program and its arguments: node, the agent's file, the settings file. */
  readonly command: readonly string[];
  /** Holds the key: mode 0600, to be copied only where the agent alone can read it. */
  readonly settingsFile: string;
  readonly agentFile: string;
  /** Where agents will dial. An adaptor whose nodes cannot reach that refuses the launch. */
  readonly manager: { readonly host: string; readonly port: number };
  /** The pilot's own; exists, mode 0700. */
  readonly directory: string;
  /** Never secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** For what the agent writes to stdout and stderr. */
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

/**
 * What an agent is told when it is started: one JSON file of mode 0600, written by the manager.
 *
 * A file and not arguments or environment, because those are shown by `ps` and kept by resource
 * managers' accounting, and the key must not be.
 */
export interface AgentSettings {
  readonly protocol: number;
  /** The version of pstar that wrote this. */
  readonly version: string;
  readonly pilot: string;
  /** TLS-PSK identity and key (base64) of this pilot. */
  readonly identity: string;
  readonly key: string;
  /** Where the manager listens. */
  readonly manager: { readonly host: string; readonly port: number };
  /**
   * A unix socket in a directory of the agent's user, with the manager at its other end, on this
   * machine or through ssh: dialed first, and the address where it leads nowhere.
   */
  readonly managerSocket?: string;
  /** The manager itself is at the other end of that socket. */
  readonly managerIsHere?: boolean;
  /** A file in which a manager that came back publishes its new address, as JSON like `manager`. */
  readonly managerFile?: string;
  /** Where reports are kept that no manager has acknowledged; made when there are any. */
  readonly keptDirectory: string;
  /** Where the manager has these settings until all of the pilot is over. */
  readonly settingsFile?: string;
  /** Directory of this pilot: sandboxes, lanes, log. Made by whoever writes this file. */
  readonly root: string;
  /** The node sees the files of the manager's machine under the same names. */
  readonly sharesFiles: boolean;
  /** What the agent offers; what is left out is what it finds. */
  readonly cores?: number;
  readonly memory?: number;
  readonly gpus?: number;
  readonly resources?: Readonly<Record<string, number>>;
  /** The agent ends by itself this long after its start, so that it can hand back what it holds. */
  readonly wallTimeLimitMs?: number;
  /** Whether somebody else kills it at that limit; if nobody does, units have all of it. Default: true. */
  readonly isKilledAtLimit?: boolean;
  /** It ends by itself after this long without a unit. */
  readonly idleTimeoutMs?: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Between SIGTERM and SIGKILL when the agent itself ends. */
  readonly graceMs: number;
  readonly executor: 'process' | 'null';
  /** Path of the koffi module to load, where it is not found beside the agent. */
  readonly koffi?: string;
  /** Added to the environment of every unit. */
  readonly environment: Readonly<Record<string, string>>;
}

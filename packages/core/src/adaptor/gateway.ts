/**
 * The contract with gateways: places far away where an adaptor's commands run and its nodes are, and
 * that see nothing of this machine but what is brought to them.
 */
import type { AgentLaunch } from './adaptor.ts';
import type { CommandRunner } from './command-runner.ts';

/**
 * A connection to such a place. It is made again by itself when it is lost; what is asked for
 * meanwhile waits, or is rejected with `CONNECTION_LOST`.
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
   * with the address at which its manager is dialed from there. Done again, it begins anew.
   *
   * @throws PilotError that says what is missing over there, and what to do
   */
  place(launch: AgentLaunch): Promise<AgentLaunch>;
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

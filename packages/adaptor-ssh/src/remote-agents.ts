/**
 * The agents of one connection where they run: starts them on their hosts, asks after them, ends them,
 * and fetches what they leave. Every host is asked once, for all that it has.
 */
import { AdaptorError, type Log, PilotError } from '@pstar/core/adaptor';
import { Batches } from './batches.ts';
import {
  type AgentState,
  endScript,
  lookScript,
  type PlacedLaunch,
  readLooks,
  readStarts,
  removeScript,
  startScript,
} from './host/agent-scripts.ts';
import { collect } from './host/collecting.ts';
import type { HostSite, PlacedThere } from './host/host-site.ts';
import type { Hosts } from './hosts.ts';
import type { AgentEnd, LaunchRecord, LaunchRecords, PartRecord } from './launch-records.ts';
import type { PartView } from './native-states.ts';

/** For the grace of agents, and what comes after it. */
const END_TIMEOUT_MS = 60_000;
/** Nobody waits longer for one host when others have answered. */
const LOOK_TIMEOUT_MS = 15_000;

/** A host's share of a launch, with its directory over there. */
export interface Part {
  readonly record: LaunchRecord;
  readonly part: PartRecord & { readonly directory: string };
}

/** What is asked of hosts, and what their answers change in the records. */
export class RemoteAgents {
  readonly #hosts: Hosts;
  readonly #records: LaunchRecords;
  readonly #log: Log;
  readonly #starts = new Map<HostSite, Batches<PlacedThere, string | undefined>>();
  /** What was heard last, by target and launch. */
  readonly #views = new Map<string, PartView>();

  constructor(hosts: Hosts, records: LaunchRecords, log: Log) {
    this.#hosts = hosts;
    this.#records = records;
    this.#log = log;
  }

  /** What is known of a share of a launch. */
  viewOf(name: string, { target }: PartRecord): PartView | undefined {
    return this.#views.get(`${target} ${name}`);
  }

  /**
   * Starts an agent that is placed.
   *
   * @throws PilotError; after `CONNECTION_LOST` and `TIMEOUT` it may have started all the same
   */
  async start(site: HostSite, placed: PlacedThere): Promise<void> {
    const starts = this.#starts.get(site) ?? new Batches((items) => startAll(site, items));
    this.#starts.set(site, starts);
    const problem = await starts.add(placed);
    if (problem === undefined) return;
    throw new AdaptorError('ADAPTOR_FAILED', `the agent cannot be started: ${problem}`, {
      subject: site.host.name,
    });
  }

  /**
   * Asks after these; what is over is fetched and written down. Settles with why hosts do not answer.
   */
  look(parts: readonly Part[]): Promise<readonly unknown[]> {
    return this.#onEach(parts, async (site, own) => {
      const stdout = await site.run(lookScript(own.map(placedOf)), LOOK_TIMEOUT_MS);
      const states = readLooks(stdout, own.length);
      for (const [i, each] of own.entries()) await this.#heard(site, each, states[i]);
    });
  }

  /**
   * Ends these, and settles when nothing of them runs.
   *
   * @throws PilotError when a host does not answer; those of others are ended then
   */
  async end(parts: readonly Part[]): Promise<void> {
    const failures = await this.#onEach(parts, async (site, own) => {
      await site.run(endScript(own.map(placedOf)), END_TIMEOUT_MS);
    });
    const [failure] = [...failures, ...(await this.look(parts))];
    if (failure !== undefined) throw failure;
  }

  /** Ends and removes all that there may be of a launch that has not come to be. */
  async undo(record: LaunchRecord): Promise<void> {
    for (const { target, name, ...part } of record.parts) {
      const site = await this.#hosts.site(target);
      const directory = part.directory ?? (await site.directoryOf(name, record.scratch));
      if (directory === undefined) continue;
      const own = { name, directory };
      await site.run(endScript([own]) + removeScript([directory]), END_TIMEOUT_MS);
      site.release(directory);
    }
  }

  /** How many agents of a launch were started, of those that there are to be. */
  async started(record: LaunchRecord): Promise<number> {
    const looks = record.parts.map(async ({ target, name, directory, end }) => {
      if (end !== undefined) return true;
      const site = await this.#hosts.site(target);
      if (directory === undefined) return false;
      const stdout = await site.run(lookScript([{ name, directory }]));
      return (readLooks(stdout, 1)[0]?.state ?? 'none') !== 'none';
    });
    return (await Promise.all(looks)).filter(Boolean).length;
  }

  async #heard(
    site: HostSite,
    { record, part }: Part,
    state: AgentState | undefined,
  ): Promise<void> {
    if (state === undefined) return;
    this.#views.set(`${part.target} ${record.name}`, state);
    const end = endOf(state);
    if (end === undefined) return;
    const { directory } = part;
    await collect(site.host.runner, directory, record, this.#log);
    site.release(directory);
    await site.run(removeScript([directory], record.keeps));
    await this.#records.changePart(record.name, part.target, { end });
    this.#views.delete(`${part.target} ${record.name}`);
  }

  /** Does something on every host that has one of these, and gives why it could not. */
  async #onEach(
    parts: readonly Part[],
    action: (site: HostSite, own: readonly Part[]) => Promise<void>,
  ): Promise<readonly unknown[]> {
    const byTarget = new Map<string, Part[]>();
    for (const each of parts) {
      const { target } = each.part;
      byTarget.set(target, [...(byTarget.get(target) ?? []), each]);
    }
    const failures: unknown[] = [];
    const each = [...byTarget].map(async ([target, own]) => {
      try {
        await action(await this.#hosts.siteSoon(target), own);
      } catch (error) {
        failures.push(error);
        const { problem, hint } =
          error instanceof PilotError ? error : { problem: String(error), hint: undefined };
        const why = `no connection to ${target}: ${problem}`;
        this.#log.debug({ host: target, err: error }, 'a host does not answer');
        for (const { record } of own) {
          this.#views.set(`${target} ${record.name}`, {
            state: 'out-of-reach',
            why,
            ...(hint !== undefined && { hint }),
          });
        }
      }
    });
    await Promise.all(each);
    return failures;
  }
}

async function startAll(
  site: HostSite,
  items: readonly PlacedThere[],
): Promise<readonly (string | undefined)[]> {
  const launches = items.map(({ launch }) => launch);
  return readStarts(await site.run(startScript(launches)), launches.length);
}

function endOf(state: AgentState): AgentEnd | undefined {
  if (state.state === 'over') return { exitCode: state.exitCode };
  if (state.state === 'lost') return { lost: state.why };
  return state.state === 'none' ? { lost: 'its directory is not there any more' } : undefined;
}

function placedOf({ part: { name, directory } }: Part): PlacedLaunch {
  return { name, directory };
}

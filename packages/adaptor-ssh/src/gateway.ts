/** `…+ssh://`: the machine where another adaptor's commands run, and what its launches need there. */
import type {
  AgentLaunch,
  Clock,
  CommandRunner,
  ConnectContext,
  Gateway,
  Log,
} from '@pstar/core/adaptor';
import { removeScript } from './host/agent-scripts.ts';
import { collect, collectKept, refuseUnwritable } from './host/collecting.ts';
import type { HostSite } from './host/host-site.ts';
import { answers, calls, SHELL_FUNCTIONS } from './host/shell-functions.ts';
import { type LaunchRecord, LaunchRecords, newRecord } from './launch-records.ts';

/** Between two looks for notes of agents that were killed, while the pilot of which they are goes on. */
const NOTES_MS = 15_000;

/** What a gateway is made of. */
interface SshGatewayParts {
  readonly target: string;
  readonly site: HostSite;
  readonly records: LaunchRecords;
  readonly clock: Clock;
  readonly log: Log;
}

/** One machine, from which the nodes of its launches are reached. */
export class SshGateway implements Gateway {
  readonly runner: CommandRunner;
  readonly #parts: SshGatewayParts;
  #closed = false;

  private constructor(parts: SshGatewayParts) {
    this.#parts = parts;
    this.runner = parts.site.host.runner;
  }

  /** Has the agents of an earlier process find this one. */
  static async open(
    target: string,
    site: HostSite,
    { directory, clock, log }: ConnectContext,
  ): Promise<SshGateway> {
    const records = new LaunchRecords(directory);
    const gateway = new SshGateway({ target, site, records, clock, log });
    for (const { parts } of await records.all()) {
      const [part] = parts;
      if (part?.directory !== undefined) site.adopt(part.directory, part.program);
    }
    gateway.#watchNotes();
    return gateway;
  }

  async place(
    launch: AgentLaunch,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<AgentLaunch> {
    const { target, site, records } = this.#parts;
    await refuseUnwritable(launch.logFile);
    await records.begin(newRecord(launch, [{ target, name: launch.name, node: target }]));
    try {
      const { launch: there, program } = await site.place(launch, signal);
      await records.changePart(launch.name, target, { directory: there.directory, program });
      return there;
    } catch (error) {
      await this.release(launch.name).catch(() => records.forget(launch.name));
      throw error;
    }
  }

  async fetch(launchName: string): Promise<void> {
    const record = await this.#parts.records.read(launchName);
    const directory = record?.parts[0]?.directory;
    if (record === undefined || directory === undefined) return;
    await collectKept(this.runner, directory, record.directory);
  }

  async collect(launchName: string): Promise<void> {
    const { records, log } = this.#parts;
    const record = await records.read(launchName);
    const directory = record?.parts[0]?.directory;
    if (record === undefined || directory === undefined) return;
    await collect(this.runner, directory, record, log);
    await this.#remove(record, directory);
  }

  async release(launchName: string): Promise<void> {
    const { site, records } = this.#parts;
    const record = await records.read(launchName);
    if (record === undefined) return;
    const known = record.parts[0]?.directory;
    const directory = known ?? (await site.directoryOf(record.name, record.scratch));
    if (directory === undefined) await records.forget(launchName);
    else await this.#remove({ ...record, keeps: false }, directory);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#parts.site.close();
  }

  async #remove({ name, keeps }: LaunchRecord, directory: string): Promise<void> {
    const { site, records } = this.#parts;
    site.release(directory);
    await site.run(removeScript([directory], keeps));
    await records.forget(name);
  }

  #watchNotes(): void {
    const { clock, log } = this.#parts;
    const look = async () => {
      await this.#fetchNotes().catch((err: unknown) =>
        log.debug({ err }, 'notes of killed agents cannot be looked for'),
      );
      if (!this.#closed) this.#watchNotes();
    };
    clock.after(NOTES_MS, () => void look(), { unref: true });
  }

  /** What is fetched is removed there, so that it does not come again when it has been taken in. */
  async #fetchNotes(): Promise<void> {
    const { site, records } = this.#parts;
    const open = (await records.all()).flatMap((record) => {
      const there = record.parts[0]?.directory;
      return there === undefined ? [] : { record, there };
    });
    if (open.length === 0 || this.#closed || site.host.state.state !== 'connected') return;
    const numbered = open.map(({ there }, i) => [`${i}`, there]);
    const noted = answers(await site.run(`${NOTES}\n${calls('notes', numbered)}`));
    for (const [i] of noted) {
      const { record, there } = open[Number(i)] ?? {};
      if (record === undefined || there === undefined) continue;
      const names = await collectKept(this.runner, there, record.directory, 'killed');
      for (const name of names) await this.runner.files.remove(`${there}/kept/${name}`);
    }
  }
}

const NOTES = `${SHELL_FUNCTIONS}
notes() {
  for note in "$2"/kept/*~killed; do
    [ -e "$note" ] && say "$1" && return
  done
}
`;

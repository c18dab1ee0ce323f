/**
 * Receives outputs of units from one agent: each under a name of its own beside where it belongs, and
 * renamed, or added to what is there, once it is complete.
 */

import { lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LocalFile } from '../../manager/attempt-files.ts';
import type {
  AgentTransfer,
  ChunkMessage,
  ManagerTransfer,
  PackMessage,
  TransferProblem,
} from '../../protocol/transfer-messages.ts';
import type { Arrival, Staged } from '../../staging/incoming.ts';
import { type AppendOnce, look, place } from '../../staging/place.ts';
import { problemOf, StagingError } from '../../staging/problems.ts';
import { Receiver } from '../../staging/receiver.ts';
import { removeAside } from '../../staging/remove.ts';
import type { AppendedOutputs, OutputKey } from './appended-outputs.ts';
import { type FindItem, findFor } from './staging-lookup.ts';
import { settleFile } from './value-files.ts';

type Offer = Extract<AgentTransfer, { readonly type: 'offer' }>;

/** An output of an attempt. */
interface Item extends OutputKey {
  readonly transfer: number;
}

/** Whoever adds to a file, or seals it, does so alone. */
const inUse = new Map<string, Promise<unknown>>();

/** The way from one agent, as long as its link lasts. */
export class StagingIn {
  readonly #service: string;
  readonly #send: (message: ManagerTransfer) => void;
  readonly #find: FindItem;
  readonly #appended: AppendedOutputs;
  readonly #receiver: Receiver;
  /** What has become of transfers since the last word about it. */
  #landed: number[] = [];
  #problems: [number, TransferProblem][] = [];
  #isOver = false;

  constructor(
    service: string,
    send: (message: ManagerTransfer) => void,
    find: FindItem,
    appended: AppendedOutputs,
  ) {
    this.#appended = appended;
    this.#service = service;
    this.#send = send;
    this.#find = find;
    this.#receiver = new Receiver(send);
  }

  /** The agent is about to send outputs. */
  offer({ first, units, attempts, items }: Offer): void {
    for (let row = 0; row < units.length; row++) {
      const [unit, attempt, item] = [units[row], attempts[row], items[row]];
      if (unit === undefined || attempt === undefined || item === undefined) return;
      this.#expect({ transfer: first + row, unit, attempt, item });
    }
  }

  receive(message: PackMessage | ChunkMessage): void {
    this.#receiver.receive(message);
  }

  /** The agent does not bring these any more. */
  drop(transfers: Uint32Array): void {
    for (const transfer of transfers) this.#receiver.drop(transfer);
  }

  /** What is not complete is removed. */
  close(): void {
    this.#isOver = true;
    this.#receiver.close();
  }

  #expect(item: Item): void {
    const found = findFor('out', this.#find, item.unit, item.attempt, item.item);
    if ('problem' in found || this.#appended.has(item)) {
      this.#settle(item.transfer, 'problem' in found ? found : undefined);
      return;
    }
    try {
      const draft = this.#draft(found, item);
      this.#receiver.expect(item.transfer, draft, (arrival) =>
        this.#arrived(item, arrival, [draft, found.path]),
      );
    } catch (error) {
      this.#settle(item.transfer, problemOf(error, 'written', found.path));
    }
  }

  /**
   * Where an output is while it is not complete: the same for each attempt, so that nothing stays of
   * one whose end this program has not lived to see.
   */
  #draft({ path }: LocalFile, { unit, item }: Item): string {
    const isInside = path.endsWith('/') || look(path)?.isDirectory() === true;
    const name = `.pstar-${this.#service}.${unit}.${item}`;
    const draft = join(present(isInside ? path : dirname(path)), name);
    const left = lstatSync(draft, { throwIfNoEntry: false });
    if (left !== undefined) removeAside(draft, left.isDirectory());
    return draft;
  }

  #arrived(item: Item, arrival: Arrival, [draft, path]: readonly [string, string]): void {
    if (arrival.type === 'staged') void this.#land(item, arrival.staged);
    else if (arrival.type === 'failed') {
      // People have named the file, and not what it is called on its way.
      const problem = arrival.problem.problem.replace(draft, () => path);
      this.#settle(item.transfer, { ...arrival.problem, problem });
    }
  }

  async #land(output: Item, staged: Staged): Promise<void> {
    const { transfer, unit, attempt, item } = output;
    // Asked again: the attempt may have been given up while it was on its way.
    const found = findFor('out', this.#find, unit, attempt, item);
    try {
      if ('problem' in found) throw new StagingError(found);
      if (found.append) {
        await inTurn(found.path, () => put(staged, found, this.#appended.once(output)));
        this.#appended.done(output);
      } else if (found.stamp === undefined) await put(staged, found);
      else {
        await inTurn(found.path, async () => {
          await put(staged, found);
          await settleFile(found.path);
        });
      }
      this.#settle(transfer, undefined);
    } catch (error) {
      const path = 'path' in found ? found.path : staged.path;
      removeAside(staged.path, staged.isDirectory);
      this.#settle(transfer, problemOf(error, 'written', path));
    }
  }

  /** All of a tick is said in one message. */
  #settle(transfer: number, problem: TransferProblem | undefined): void {
    if (this.#isOver) return;
    if (problem !== undefined) this.#problems.push([this.#landed.length, problem]);
    if (this.#landed.push(transfer) === 1) setImmediate(() => this.#tell());
  }

  #tell(): void {
    const transfers = Uint32Array.from(this.#landed.splice(0));
    const problems = this.#problems.splice(0);
    if (this.#isOver) return;
    this.#send({ type: 'landed', transfers, ...(problems.length > 0 && { problems }) });
  }
}

/** The directory, or what there is of the way to it: the rest is made once there is something for it. */
function present(directory: string): string {
  let path = directory;
  while (look(path) === undefined && path !== dirname(path)) path = dirname(path);
  return path;
}

/** Puts it there, in steps between which others have their turn. */
async function put(
  staged: Staged,
  { path, remote, append }: LocalFile,
  once?: AppendOnce,
): Promise<void> {
  const name = basename(remote);
  const steps = place(staged, { target: path, name, append, once });
  while (!steps.next().done) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function inTurn(path: string, act: () => Promise<void>): Promise<void> {
  const before = inUse.get(path) ?? Promise.resolve();
  const mine = before.then(act);
  const settled = mine.catch(() => {});
  inUse.set(path, settled);
  try {
    await mine;
  } finally {
    if (inUse.get(path) === settled) inUse.delete(path);
  }
}

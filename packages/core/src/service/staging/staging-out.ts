/** Sends inputs of units to one agent: what it has, or is about to have, is not sent again. */
import type { LocalFile } from '../../manager/attempt-files.ts';
import type { PilotError } from '../../model/errors.ts';
import type {
  AgentTransfer,
  CreditMessage,
  ManagerTransfer,
  TransferProblem,
} from '../../protocol/transfer-messages.ts';
import type { Budget } from '../../staging/budget.ts';
import { problemOf } from '../../staging/problems.ts';
import { Sender } from '../../staging/sender.ts';
import { refused, Source } from '../../staging/source.ts';
import { type FindItem, findFor } from './staging-lookup.ts';
import { assertWhole } from './value-seals.ts';

type Fetch = Extract<AgentTransfer, { readonly type: 'fetch' }>;
type Stamps = Extract<AgentTransfer, { readonly type: 'stamps' }>;

/** What an agent has of a content. */
interface Known {
  /** Which transfer brings it. */
  readonly transfer: number;
  /** Which of the agent's questions that transfer was an answer to. */
  readonly question: number;
  isKept: boolean;
}

/** So many names are remembered, to know which several units want. */
const MOST_NAMES = 10_000;

/** Who has asked for a file first, and the transfer that answers the latest of its questions. */
interface Asker {
  readonly unit: number;
  readonly item: number;
  readonly transfer: number;
}

/** The way to one agent, as long as its link lasts. */
export class StagingOut {
  readonly #find: FindItem;
  readonly #sender: Sender;
  /** By stamp. */
  readonly #known = new Map<string, Known>();
  /** Files by their names: who has asked for it, as long as nobody else has. */
  readonly #asked = new Map<string, Asker | 'several'>();
  /** The names of those that one alone has asked for, by its transfer. */
  readonly #alone = new Map<number, string>();
  /** Values by their stamps: what came of the look that was taken at each before it was sent. */
  readonly #looks = new Map<string, Promise<TransferProblem | undefined>>();
  /** One after the other: each has its file open. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;
  /** The transfers that wait for such a look. */
  readonly #waiting = new Set<number>();
  #question = 0;

  constructor(
    port: { readonly buffered: number; send(message: ManagerTransfer, sent?: () => void): void },
    budget: Budget,
    find: FindItem,
  ) {
    this.#find = find;
    this.#sender = new Sender(port, budget);
  }

  /** The agent wants inputs. */
  fetch({ first, units, attempts, items, isFresh = false }: Fetch): void {
    this.#question += 1;
    const question = this.#question;
    for (let row = 0; row < units.length; row++) {
      const [unit, attempt, item] = [units[row], attempts[row], items[row]];
      if (unit === undefined || attempt === undefined || item === undefined) return;
      const found = findFor('in', this.#find, unit, attempt, item);
      if ('problem' in found) this.#sender.add(refused(first + row, found));
      else {
        this.#ask(found.path, { unit, item, transfer: first + row });
        const send = (): void => this.#add(first + row, found, isFresh, question);
        const { value, stamp = '' } = found;
        // What the agent has is not read.
        if (value === undefined || (!isFresh && this.#known.get(stamp)?.isKept)) send();
        else void this.#look(first + row, found, stamp).then((isWhole) => isWhole && send());
      }
    }
  }

  /** The agent has written so much. */
  credit({ transfer, bytes }: CreditMessage): void {
    this.#sender.credit(transfer, bytes);
  }

  /** The agent says what it has for others, and what it has no longer. */
  stamps({ has, lost }: Stamps): void {
    for (const stamp of has) {
      const known = this.#known.get(stamp);
      if (known !== undefined) known.isKept = true;
      else this.#known.set(stamp, { transfer: -1, question: 0, isKept: true });
    }
    for (const stamp of lost) this.#known.delete(stamp);
  }

  /** The agent does not want these any more. */
  drop(transfers: Uint32Array): void {
    const gone = new Set(transfers);
    for (const transfer of gone) {
      this.#waiting.delete(transfer);
      this.#sender.drop(transfer);
    }
    for (const [stamp, { transfer, isKept }] of this.#known) {
      if (!isKept && gone.has(transfer)) this.#known.delete(stamp);
    }
    for (const transfer of gone) {
      const path = this.#alone.get(transfer);
      if (path !== undefined) this.#asked.delete(path);
      this.#alone.delete(transfer);
    }
  }

  drained(): void {
    this.#sender.drained();
  }

  close(): void {
    this.#isOver = true;
    this.#waiting.clear();
    this.#sender.close();
  }

  /** Whether a transfer can be sent, and is wanted still: what is not what was written is refused. */
  async #look(transfer: number, file: LocalFile, stamp: string): Promise<boolean> {
    this.#waiting.add(transfer);
    let look = this.#looks.get(stamp);
    if (look === undefined) {
      look = this.#turn.then(() => (this.#isOver ? undefined : problemWith(file)));
      this.#looks.set(stamp, look);
      this.#turn = look;
    }
    const problem = await look;
    if (!this.#waiting.delete(transfer)) return false;
    if (problem === undefined) return true;
    this.#looks.delete(stamp);
    this.#sender.add(refused(transfer, problem));
    return false;
  }

  #add(
    transfer: number,
    { path, stamp: stated }: LocalFile,
    isFresh: boolean,
    question: number,
  ): void {
    let mine = '';
    const source = new Source(transfer, path, {
      stamp: stated,
      isSame: (stamp) => {
        const known = this.#known.get(stamp);
        if (known !== undefined && !(isFresh && known.question < question)) {
          return known.isKept ? 'kept' : 'coming';
        }
        if (this.#asked.get(path) !== 'several') return undefined;
        mine = stamp;
        this.#known.set(stamp, { transfer, question, isKept: false });
        return undefined;
      },
      isShared: (stamp) => stamp === mine,
      failed: () => {
        if (this.#known.get(mine)?.transfer === transfer) this.#known.delete(mine);
      },
    });
    this.#sender.add(source);
  }

  /** A unit that is tried again asks again, and shares nothing by that. */
  #ask(path: string, asker: Asker): void {
    const known = this.#asked.get(path);
    if (known === 'several') return;
    if (this.#asked.size >= MOST_NAMES) {
      this.#asked.clear();
      this.#alone.clear();
    }
    if (known !== undefined) this.#alone.delete(known.transfer);
    const isAlone = known === undefined || (known.unit === asker.unit && known.item === asker.item);
    this.#asked.set(path, isAlone ? asker : 'several');
    if (isAlone) this.#alone.set(asker.transfer, path);
  }
}

async function problemWith(file: LocalFile): Promise<TransferProblem | undefined> {
  try {
    await assertWhole(file);
    return undefined;
  } catch (error) {
    const { problem, subject } = error as Partial<PilotError>;
    if (problem === undefined) return problemOf(error, 'read', file.path);
    return { problem: `${problem}: ${subject}` };
  }
}

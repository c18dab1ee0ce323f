/** A sender and a receiver at the ends of a link within this process. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type {
  ChunkMessage,
  CreditMessage,
  PackMessage,
} from '../../src/protocol/transfer-messages.ts';
import { Budget } from '../../src/staging/budget.ts';
import type { Arrival } from '../../src/staging/incoming.ts';
import { Receiver } from '../../src/staging/receiver.ts';
import { Sender } from '../../src/staging/sender.ts';
import { Source, type SourceHooks } from '../../src/staging/source.ts';
import { memoryLinks } from '../../src/transport/memory-link.ts';

export type Message = PackMessage | ChunkMessage | CreditMessage;

/** A directory of this test's. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pstar-staging-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** Both ends, and what has gone over the link. */
export class Pair {
  readonly to = scratch();
  readonly sent: Message[] = [];
  /** The most bytes that have waited in the link: for so many a word on anything else waits, too. */
  mostBuffered = 0;
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** May change what arrives. */
  tamper: (message: Message) => Message = (message) => message;
  #next = 1;

  constructor() {
    const [near, far] = memoryLinks();
    this.sender = new Sender(
      {
        get buffered() {
          return near.buffered;
        },
        send: (message) => {
          this.sent.push(structuredClone(message));
          near.send(message);
          this.mostBuffered = Math.max(this.mostBuffered, near.buffered);
        },
      },
      new Budget(),
    );
    near.on('drain', () => this.sender.drained());
    near.on('message', (message) => {
      const { transfer, bytes } = message as CreditMessage;
      this.sender.credit(transfer, bytes);
    });
    this.receiver = new Receiver((message) => far.send(message));
    far.on('message', (message) => {
      this.receiver.receive(this.tamper(message as Message) as PackMessage);
    });
  }

  /** Sends a path; resolves to what came of it, under its number in the receiver's directory. */
  send(path: string, hooks?: SourceHooks): Promise<Arrival> & { readonly transfer: number } {
    const transfer = this.#next++;
    const arrival = new Promise<Arrival>((resolve) =>
      this.receiver.expect(transfer, this.pathOf(transfer), resolve),
    );
    this.sender.add(new Source(transfer, path, hooks));
    return Object.assign(arrival, { transfer });
  }

  pathOf(transfer: number): string {
    return join(this.to, `${transfer}`);
  }

  /** What the receiver has made. */
  get made(): string[] {
    return existsSync(this.to) ? readdirSync(this.to) : [];
  }
}

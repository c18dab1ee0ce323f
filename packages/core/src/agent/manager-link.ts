/**
 * The agent's way to its manager: dials, introduces itself, keeps the link alive and dials again
 * when it is gone. Knows nothing of units; what the agent does without a manager is not its matter.
 */
import type { AgentCallMessage, ManagerCallMessage } from '../protocol/call-messages.ts';
import type { AgentMessage, Hello, ManagerMessage } from '../protocol/messages.ts';
import type { AgentTransfer, ManagerTransfer, OnChannel } from '../protocol/transfer-messages.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Link } from '../transport/link.ts';

type Welcome = Extract<ManagerMessage, { type: 'welcome' }>;
type Received = ManagerMessage | OnChannel<ManagerTransfer | ManagerCallMessage>;

/** What happens to the link. */
export interface ManagerLinkEvents {
  /** The agent is known to a manager; everything but pulses goes through from here. */
  welcomed(message: Welcome): void;
  /** After the welcome. */
  message(message: Received): void;
  /** The manager is out of reach; the link tries to find it again. */
  lost(): void;
  /** The manager does not want this agent; the link does not try again. */
  refused(problem: string): void;
  /** What waited to be written has been. */
  drain(): void;
}

/** What a link is made of. */
export interface ManagerLinkOptions {
  dial(): Promise<Link>;
  /** What is true at the moment of a new link. */
  hello(): Hello;
  /** Until the agent's wall-time limit, if it has one. */
  remainingMs(): number | undefined;
  /** Until a welcome says otherwise. */
  readonly heartbeatMs: number;
  readonly clock: Clock;
  random(): number;
  readonly log: Log;
  readonly events: ManagerLinkEvents;
}

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1_500;
/** So many heartbeats without a word, and the link is taken for dead. */
const SILENT_HEARTBEATS = 3;
const CLOSING_MS = 3_000;

/** One agent's link, across all the connections that it takes. */
export class ManagerLink {
  readonly #options: ManagerLinkOptions;
  readonly #log: Log;
  /** Of the present connection, from the hello on. */
  #link: Link | undefined;
  #isWelcome = false;
  #isClosed = false;
  #heartbeatMs: number;
  #failures = 0;
  #retry: Timer | undefined;
  #now = 0;
  #lastHeard = 0;
  #lastPulse = 0;

  constructor(options: ManagerLinkOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#heartbeatMs = options.heartbeatMs;
  }

  /** Whether a manager listens. */
  get isConnected(): boolean {
    return this.#isWelcome;
  }

  /** Bytes that wait to be written. */
  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  /** Whether the manager is on this machine. */
  get isNear(): boolean {
    return this.#link?.isNear ?? false;
  }

  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  /** Begins to look for the manager. */
  open(): void {
    this.#options.dial().then(
      (link) => this.#connected(link),
      (error: Error) => {
        this.#log[this.#failures === 0 ? 'warn' : 'debug'](error, `no manager: ${error.message}`);
        this.#dialLater();
      },
    );
  }

  /** Dropped while there is no manager: what matters is repeated after the next welcome. */
  send(
    message: AgentMessage | OnChannel<AgentTransfer | AgentCallMessage>,
    sent?: () => void,
  ): void {
    if (this.#isWelcome) this.#link?.send(message, sent);
  }

  /** Time has passed; `now` is the agent's own running time. */
  tick(now: number): void {
    this.#now = now;
    if (this.#link === undefined) return;
    if (now - this.#lastHeard > SILENT_HEARTBEATS * this.#heartbeatMs) {
      this.#drop(this.#link, `no word for ${SILENT_HEARTBEATS} heartbeats`);
    } else if (now - this.#lastPulse >= this.#heartbeatMs) {
      this.#lastPulse = now;
      const remainingMs = this.#options.remainingMs();
      const at = this.#options.clock.now();
      this.send({ type: 'pulse', at, ...(remainingMs !== undefined && { remainingMs }) });
    }
  }

  /** Gives the present link up, with all that is still to come by it, and looks for a new one. */
  redial(why: string): void {
    if (this.#link !== undefined) this.#drop(this.#link, why);
  }

  /** Ends the link after all that was sent, but waits only so long for the other side to take it. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#isWelcome = false;
    this.#retry?.cancel();
    const link = this.#link;
    if (link === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(CLOSING_MS, () => link.destroy());
      link.once('close', () => {
        timer.cancel();
        resolve();
      });
      link.close();
    });
  }

  #connected(link: Link): void {
    if (this.#isClosed) {
      link.destroy();
      return;
    }
    this.#link = link;
    this.#lastHeard = this.#now;
    link.on('close', (error) => this.#drop(link, error?.message ?? 'closed by the manager'));
    link.on('drain', () => this.#options.events.drain());
    link.send(this.#options.hello());
    link.on('message', (message) => {
      if (link === this.#link) this.#receive(link, message as Received);
    });
  }

  #receive(link: Link, message: Received): void {
    this.#lastHeard = this.#now;
    if (message.type === 'refuse') {
      void this.close();
      this.#options.events.refused(message.problem);
    } else if (this.#isWelcome) this.#options.events.message(message);
    else if (message.type !== 'welcome') this.#drop(link, `a ${message.type} before the welcome`);
    else if (message.protocol !== PROTOCOL_VERSION) {
      void this.close();
      const versions = `${message.protocol} (pstar ${message.version}), this agent ${PROTOCOL_VERSION}`;
      this.#options.events.refused(`the manager speaks protocol ${versions}`);
    } else this.#welcomed(link, message);
  }

  #welcomed(link: Link, message: Welcome): void {
    this.#log.info({ manager: link.peer }, 'connected');
    this.#isWelcome = true;
    this.#failures = 0;
    this.#heartbeatMs = message.heartbeatMs;
    this.#options.events.welcomed(message);
  }

  #drop(link: Link, why: string): void {
    if (link !== this.#link) return;
    this.#link = undefined;
    const wasWelcome = this.#isWelcome;
    this.#isWelcome = false;
    link.destroy();
    if (this.#isClosed) return;
    this.#log.warn({ manager: link.peer }, `link lost: ${why}`);
    if (wasWelcome) this.#options.events.lost();
    this.#dialLater();
  }

  /** Not at once, and never in step with the other agents of a manager that was restarted. */
  #dialLater(): void {
    if (this.#isClosed) return;
    const pauseMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.#failures++);
    this.#retry = this.#options.clock.after(pauseMs * (0.5 + this.#options.random()), () =>
      this.open(),
    );
  }
}

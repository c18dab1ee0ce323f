/**
 * Gathers records, and makes all that came in durable in one step while those for the next are gathered.
 * A step begins as soon as somebody waits and the last one is done; under load it carries more by itself.
 * Also the one place where the log moves on to its next segment.
 */

import type { PilotError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { isFull } from '../runtime/store-error.ts';
import { Batch } from './batch.ts';
import type { Disk } from './disk.ts';
import { writeError } from './journal-errors.ts';
import { Outcome } from './outcome.ts';
import { RoomWait } from './room-wait.ts';
import { MARGIN_BYTES, type Segment } from './segment.ts';
import { SyncPace } from './sync-pace.ts';

/** The checksum of so many takes 3 ms: whoever has encoded more has done enough for one turn of the event loop. */
const TURN_BYTES = 16 * 1024 * 1024;

/** One thing to be done, in its turn; never throws. */
type Step = () => Promise<void>;

/** What a GroupCommit is given. */
export interface GroupCommitOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly segment: Segment;
  /** Of the next frame. */
  readonly sequence: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Makes records durable, in order, as many at a time as there are. */
export class GroupCommit {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #room: RoomWait;
  #segment: Segment;
  #sequence: number;

  /** What is being gathered, and who waits for it. */
  #open = new Batch();
  #awaited: Outcome<void> | undefined;
  #spare: Batch | undefined;
  /** What comes before what is open, in order: batches that were sealed, and moves to another segment. */
  readonly #steps: Step[] = [];
  #last: Promise<void> = Promise.resolve();
  #isRunning = false;
  #run: Promise<void> = Promise.resolve();

  readonly #pace = new SyncPace();
  #unwritten = 0;
  #failed: PilotError | undefined;

  constructor(options: GroupCommitOptions) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#segment = options.segment;
    this.#sequence = options.sequence;
    this.#clock = options.clock;
    this.#room = new RoomWait(options);
  }

  /** The segment that is written to now. */
  get segment(): Segment {
    return this.#segment;
  }

  /** Bytes that were added and are not durable yet. */
  get unwritten(): number {
    return this.#unwritten;
  }

  /** Why nothing becomes durable any more. */
  get failed(): PilotError | undefined {
    return this.#failed;
  }

  /** Adds what `encode()` returned to what comes next. */
  add(encoded: Uint8Array): void {
    this.#open.add(encoded);
    this.#unwritten += encoded.length;
  }

  /** Settles when all that was added before is durable; earlier calls settle first. */
  commit(): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.#open.payloadBytes === 0) return this.#last;
    this.#awaited ??= new Outcome<void>();
    this.#start();
    return this.#awaited.promise;
  }

  /**
   * Moves on to another segment: what was added before goes into the old one, what comes after
   * into the one that `create` makes. When that throws, the old one stays in use.
   */
  moveOn(create: (after: Segment, sequence: number) => Promise<Segment>): Promise<Segment> {
    if (this.#failed) return Promise.reject(this.#failed);
    this.#seal();
    const outcome = new Outcome<Segment>();
    this.#steps.push(async () => {
      if (this.#failed) return outcome.reject(this.#failed);
      try {
        const old = this.#segment;
        this.#segment = await create(old, this.#sequence);
        // All that it holds is durable.
        await old.close().catch(() => {});
        outcome.resolve(this.#segment);
      } catch (error) {
        const problem = await this.#explain(error);
        if (!isFull(error)) this.#failed = problem;
        outcome.reject(problem);
      }
    });
    this.#start();
    return outcome.promise;
  }

  /** Makes everything durable, or says why it cannot; a full disk is not waited for any more. */
  async close(): Promise<void> {
    this.#room.end();
    const outcome = this.commit();
    outcome.catch(() => {});
    await this.#run;
    // After a failure nobody knows what is on disk: the next who opens it looks.
    await this.#segment.close(this.#failed === undefined);
    await outcome;
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run = this.#takeSteps();
  }

  async #takeSteps(): Promise<void> {
    for (;;) {
      // One turn later: what the same tick, or those who waited for the last step, append goes along.
      await undefined;
      if (this.#steps.length === 0 && this.#awaited) this.#seal();
      const step = this.#steps.shift();
      if (!step) break;
      await step();
    }
    this.#isRunning = false;
  }

  /** Lets what was gathered go its way. */
  #seal(): void {
    if (this.#open.payloadBytes === 0) return;
    const batch = this.#open;
    const outcome = this.#awaited ?? new Outcome<void>();
    this.#open = this.#spare ?? new Batch();
    this.#spare = this.#awaited = undefined;
    this.#last = outcome.promise;
    this.#steps.push(() => this.#write(batch, outcome));
  }

  async #write(batch: Batch, outcome: Outcome<void>): Promise<void> {
    this.#room.begin();
    while (!this.#failed) {
      try {
        const { payloadBytes } = batch;
        if (payloadBytes > TURN_BYTES) await new Promise<void>((resume) => setImmediate(resume));
        const began = this.#clock.monotonic();
        await this.#segment.append(batch, this.#sequence, this.#pace.mayBlock(payloadBytes));
        this.#pace.took(payloadBytes, this.#clock.monotonic() - began);
        this.#sequence++;
        this.#unwritten -= payloadBytes;
        batch.clear();
        this.#spare = batch;
        return outcome.resolve();
      } catch (error) {
        // When closing, nobody will be there to see a full disk get room again.
        if (this.#room.isOver || !isFull(error)) this.#failed = await this.#explain(error);
        else await this.#room.next(this.#unwritten);
      }
    }
    outcome.reject(this.#failed);
  }

  #explain(error: unknown): Promise<PilotError> {
    const wanted = Math.max(this.#unwritten, MARGIN_BYTES);
    return writeError(error, this.#disk, this.#directory, wanted);
  }
}

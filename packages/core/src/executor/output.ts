/**
 * Brings what units write to whoever watches it: live, from the beginning, and for a while after
 * the end. Reads the lane's captures, or the files that units write themselves.
 */
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Capture } from './capture.ts';
import { Follower, PUMP_BYTES } from './followers.ts';
import type { LiveUnit } from './live-unit.ts';
import { type Kept, partsOf, RecentOutput, writtenOf } from './recent-output.ts';
import type { ExecutorEvents, MissedOutput, OutputStream } from './unit-run.ts';

const STREAMS = ['stdout', 'stderr'] as const;
const TAIL_BYTES = 4096;

/** A file whose unit is over and that is read to its end. */
interface Remainder {
  readonly key: number;
  readonly stream: OutputStream;
  readonly follower: Follower;
}

/** The output of an executor's units. */
export class Output {
  readonly #events: ExecutorEvents;
  readonly #recent = new RecentOutput();
  #remainders: Remainder[] = [];

  constructor(events: ExecutorEvents) {
    this.#events = events;
  }

  /** Whether files of ended units are still being read. */
  get isReading(): boolean {
    return this.#remainders.length > 0;
  }

  /** Forgets an ended unit: its key is used again. */
  forget(key: number): void {
    this.#recent.forget(key);
    for (const stream of STREAMS) this.#dropRemainder(key, stream);
  }

  /** Begins or stops to report a stream of a live unit. */
  watchLive(unit: LiveUnit, stream: OutputStream, on: boolean): void {
    if (unit.watched[stream] === on) return;
    unit.watched[stream] = on;
    if (on) unit.lane?.[stream].rewind();
    else unit.followers[stream]?.close();
    delete unit.followers[stream];
  }

  /** As {@link watchLive}, of a unit that is over. */
  watchEnded(key: number, stream: OutputStream, on: boolean): void {
    this.#dropRemainder(key, stream);
    if (!on) return;
    const kept = this.#recent.get(key, stream);
    if (typeof kept === 'string') {
      // The file of a sandbox that was cleaned up, or that is at home.
      if (!existsSync(kept)) this.#events.output(key, stream, 'not-kept');
      else this.#finish({ key, stream, follower: this.#follow(kept, key, stream) });
      return;
    }
    if (!this.#recent.has(key)) {
      this.#events.output(key, stream, 'not-kept');
      return;
    }
    for (const part of kept ? partsOf(kept) : []) this.#events.output(key, stream, part);
    this.#events.output(key, stream, undefined);
  }

  /** Looks after a live unit's streams: reports what is watched, keeps captures small. */
  pump(unit: LiveUnit): void {
    for (const stream of STREAMS) {
      const watched = unit.watched[stream];
      if (watched) this.#report(unit, stream);
      if (unit.files[stream] === undefined) unit.lane?.[stream].trim(watched);
    }
  }

  #report(unit: LiveUnit, stream: OutputStream): void {
    const { key } = unit.run;
    const file = unit.files[stream];
    if (file === undefined) {
      unit.lane?.[stream].pump((part) => this.#events.output(key, stream, part), PUMP_BYTES);
      return;
    }
    unit.followers[stream] ??= this.#follow(file, key, stream);
    unit.followers[stream].pump();
  }

  /**
   * Reports and keeps what an ended unit has written, and says where there was any; its lane's captures are
   * empty afterwards.
   */
  end(unit: LiveUnit): readonly OutputStream[] {
    const { key } = unit.run;
    const stdout = this.#endStream(unit, 'stdout');
    const stderr = this.#endStream(unit, 'stderr');
    const streams = { stdout, stderr };
    this.#recent.add(key, streams);
    return writtenOf(streams);
  }

  #endStream(unit: LiveUnit, stream: OutputStream): Kept {
    const { key } = unit.run;
    const watched = unit.watched[stream];
    const file = unit.startedAt === undefined ? undefined : unit.files[stream];
    if (file !== undefined) {
      const follower = unit.followers[stream] ?? this.#follow(file, key, stream);
      if (watched) this.#finish({ key, stream, follower });
      return file;
    }
    const capture: Capture | undefined = unit.lane?.[stream];
    const take = (part: Buffer | MissedOutput): void => this.#events.output(key, stream, part);
    const kept = capture?.drain(watched ? take : undefined);
    if (watched) this.#events.output(key, stream, undefined);
    return kept;
  }

  /** The last of a unit's standard error, once it has ended; '' if there is none. */
  tailOf(unit: LiveUnit): string {
    const kept = this.#recent.get(unit.run.key, 'stderr');
    const bytes = typeof kept === 'string' ? readTail(kept) : kept?.bytes.subarray(-TAIL_BYTES);
    // The cut may have gone through a character.
    return bytes?.toString().replace(/^\uFFFD+/, '') ?? '';
  }

  #follow(path: string, key: number, stream: OutputStream): Follower {
    return new Follower(path, (chunk) => this.#events.output(key, stream, chunk));
  }

  #finish(remainder: Remainder): void {
    if (this.#advance(remainder)) return;
    this.#remainders.push(remainder);
  }

  #advance({ key, stream, follower }: Remainder): boolean {
    if (!follower.pump()) return false;
    follower.close();
    this.#events.output(key, stream, undefined);
    return true;
  }

  /** Reads on in the files of ended units. */
  pumpEnded(): void {
    this.#remainders = this.#remainders.filter((remainder) => !this.#advance(remainder));
  }

  #dropRemainder(key: number, stream: OutputStream): void {
    this.#remainders = this.#remainders.filter((remainder) => {
      const isMeant = remainder.key === key && remainder.stream === stream;
      if (isMeant) remainder.follower.close();
      return !isMeant;
    });
  }

  close(): void {
    for (const { follower } of this.#remainders.splice(0)) follower.close();
  }
}

function readTail(path: string): Buffer | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(fd);
      const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
      return tail.subarray(0, readSync(fd, tail, 0, tail.length, size - tail.length));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** What every link promises, as a suite to run over each kind. */

import { describe, expect, it } from 'vitest';
import type { PilotError } from '../../src/model/errors.ts';
import type { Link } from '../../src/transport/link.ts';

/** Everything that a link tells, in order. */
export interface Witness {
  readonly messages: object[];
  readonly closes: (PilotError | undefined)[];
  /** Settles when so many messages are here. */
  received(count: number): Promise<object[]>;
  closed(): Promise<PilotError | undefined>;
}

/** Listens to a link from now on. */
export function watch(link: Link): Witness {
  const messages: object[] = [];
  const closes = closesOf(link);
  link.on('message', (message) => messages.push(message));
  return {
    messages,
    closes: closes.seen,
    closed: closes.closed,
    received: async (count) => {
      while (messages.length < count) await next(link, 'message');
      return messages;
    },
  };
}

/** Listens for a link's end only, so that messages are left waiting. */
function closesOf(link: Link): {
  readonly seen: (PilotError | undefined)[];
  closed(): Promise<PilotError | undefined>;
} {
  const seen: (PilotError | undefined)[] = [];
  link.on('close', (error) => seen.push(error));
  return {
    seen,
    closed: async () => {
      if (seen.length === 0) await next(link, 'close');
      await someTurns();
      expect(seen).toHaveLength(1);
      return seen[0];
    },
  };
}

function next(link: Link, event: 'message' | 'close' | 'drain'): Promise<void> {
  return new Promise((resolve) => link.once(event, () => resolve()));
}

/** Lets happen what would be told, wrongly, a second time or too early. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

/** Runs the suite over pairs of connected links. */
export function describeLinks(kind: string, connect: () => Promise<[Link, Link]>): void {
  describe(`a link, ${kind},`, () => {
    it('carries messages both ways, in order', async () => {
      const [near, far] = await connect();
      const [there, here] = [watch(far), watch(near)];
      const sent = Array.from({ length: 2_500 }, (_, i) => ({ type: 'pulse', at: i }));
      for (const message of sent) near.send(message);
      far.send({ type: 'welcome' });
      expect(await there.received(2_500)).toStrictEqual(sent);
      expect(await here.received(1)).toStrictEqual([{ type: 'welcome' }]);
      near.destroy();
    });

    it('keeps typed arrays, as they were when they were sent', async () => {
      const [near, far] = await connect();
      const there = watch(far);
      const message = {
        units: Uint32Array.of(1, 2),
        at: Float64Array.of(0.5),
        out: Uint8Array.of(9),
      };
      const sent = structuredClone(message);
      near.send(message);
      message.units.fill(0);
      expect(await there.received(1)).toStrictEqual([sent]);
      near.destroy();
    });

    it('carries large messages', async () => {
      const [near, far] = await connect();
      const there = watch(far);
      const chunks = [1_000_000, 3, 700_000].map((size) => new Uint8Array(size).fill(size % 251));
      for (const chunk of chunks) near.send({ chunk });
      const got = (await there.received(3)) as { chunk: Uint8Array }[];
      // Not toEqual, which looks at each element by itself.
      expect(got.map(({ chunk }, i) => Buffer.compare(chunk, chunks[i] ?? chunk))).toEqual([
        0, 0, 0,
      ]);
      near.destroy();
    });

    it('does not tell a message before send has returned', async () => {
      const [near, far] = await connect();
      const there = watch(far);
      near.send({ a: 1 });
      expect(there.messages).toEqual([]);
      await there.received(1);
      near.destroy();
    });

    it('keeps early messages until somebody listens', async () => {
      const [near, far] = await connect();
      near.send({ early: 1 });
      const closes = closesOf(far);
      far.send({ question: 1 });
      await watch(near).received(1);
      await someTurns();
      const there = watch(far);
      near.send({ late: 2 });
      expect(await there.received(2)).toEqual([{ early: 1 }, { late: 2 }]);
      far.destroy();
      await closes.closed();
    });

    it('delivers what was sent before it was closed, and tells both ends once', async () => {
      const [near, far] = await connect();
      const [here, there] = [watch(near), watch(far)];
      const sent = Array.from({ length: 100 }, (_, i) => ({ i, chunk: new Uint8Array(10_000) }));
      for (const message of sent) near.send(message);
      near.close();
      near.close();
      expect(await Promise.all([here.closed(), there.closed()])).toEqual([undefined, undefined]);
      expect(there.messages).toHaveLength(100);
      near.close();
      near.destroy();
      await here.closed();
    });

    it('closes when both ends do so at once', async () => {
      const [near, far] = await connect();
      const [here, there] = [watch(near), watch(far)];
      near.send({ from: 'near' });
      far.send({ from: 'far' });
      near.close();
      far.close();
      expect(await Promise.all([here.closed(), there.closed()])).toEqual([undefined, undefined]);
      expect([here.messages, there.messages]).toEqual([[{ from: 'far' }], [{ from: 'near' }]]);
    });

    it('still tells what the other side sent until it noticed, and only then its end', async () => {
      const [near, far] = await connect();
      const events: string[] = [];
      near.on('message', () => events.push('message'));
      near.on('close', () => events.push('close'));
      const [here, there] = [watch(near), watch(far)];
      near.close();
      far.send({ under: 'way' });
      await Promise.all([here.closed(), there.closed()]);
      expect(events).toEqual(['message', 'close']);
    });

    it('closes without a listener for messages', async () => {
      const [near, far] = await connect();
      const [here, there] = [closesOf(near), closesOf(far)];
      far.send({ unheard: 1 });
      near.close();
      far.close();
      await Promise.all([here.closed(), there.closed()]);
    });

    it('ends at once when it is destroyed', async () => {
      const [near, far] = await connect();
      const [here, there] = [watch(near), watch(far)];
      near.destroy();
      near.destroy();
      expect(await here.closed()).toBeUndefined();
      await there.closed();
    });

    it('tells nothing more once a listener has destroyed it', async () => {
      const [near, far] = await connect();
      const [here, there] = [watch(near), watch(far)];
      far.on('message', () => far.destroy());
      for (let i = 0; i < 10; i++) near.send({ i });
      await Promise.all([here.closed(), there.closed()]);
      expect(there.messages).toEqual([{ i: 0 }]);
    });

    it('drops what is sent after its end', async () => {
      const [near, far] = await connect();
      const [here, there] = [watch(near), watch(far)];
      near.close();
      near.send({ late: 1 });
      await Promise.all([here.closed(), there.closed()]);
      near.send({ late: 2 });
      far.send({ late: 3 });
      expect([here.messages, there.messages]).toEqual([[], []]);
    });

    it('says how much waits, and when that has gone', async () => {
      const [near, far] = await connect();
      expect(near.buffered).toBe(0);
      const drained = next(near, 'drain');
      near.send({ chunk: new Uint8Array(5_000_000) });
      expect(near.buffered).toBeGreaterThan(5_000_000);
      // Nobody takes it yet: more than any socket holds by itself is still waiting.
      await new Promise(setImmediate);
      expect(near.buffered).toBeGreaterThan(0);
      const there = watch(far);
      await Promise.all([drained, there.received(1)]);
      expect(near.buffered).toBe(0);
      near.destroy();
    });
  });
}

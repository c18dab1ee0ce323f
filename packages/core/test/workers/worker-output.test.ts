import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { WorkerOutput } from '../../src/workers/worker-output.ts';

/** A way out that takes everything at once until it is held up. */
function wayOut() {
  const way = { taken: '', longest: 0, backlog: 0, goOn: (): void => {} };
  const output = new WorkerOutput({
    get backlog() {
      return way.backlog;
    },
    write: (bytes) => {
      way.taken += Buffer.from(bytes).toString();
      way.longest = Math.max(way.longest, bytes.length);
    },
    drained: () =>
      new Promise((done) => {
        way.goOn = () => {
          way.backlog = 0;
          done();
        };
      }),
  });
  return { way, output };
}

it('takes what is written to a stream, in any encoding, and calls back', async () => {
  const { way, output } = wayOut();
  const stream = new Writable();
  output.redirect(stream);
  const bytes = Buffer.from('bytes ');
  expect(stream.write('words ')).toBe(true);
  stream.write('6865782e', 'hex');
  await new Promise<void>((done) => stream.write(bytes, () => done()));
  expect(way.taken).toBe('words hex.bytes ');
});

it('gathers while nobody takes it, in order, and keeps what was given', async () => {
  const { way, output } = wayOut();
  const stream = new Writable();
  output.redirect(stream);
  stream.write('1 ');
  way.backlog = 1024 * 1024;
  const bytes = Buffer.from('2 ');
  stream.write(bytes);
  bytes.fill('x');
  stream.write('3 ');
  expect(way.taken).toBe('1 ');
  way.goOn();
  await new Promise((done) => setImmediate(done));
  stream.write('4');
  expect(way.taken).toBe('1 2 3 4');
});

it('leaves out the first of what is too much, and says how much', () => {
  const { way, output } = wayOut();
  way.backlog = 1024 * 1024;
  const line = Buffer.alloc(1024 * 1024, 'a');
  for (let n = 0; n < 20; n++) output.put(line);
  output.put(Buffer.from('the last'));
  output.flush();
  expect(way.taken.endsWith('athe last')).toBe(true);
  const [, left] = /^\n\[pstar: (\d+) bytes of output were not kept\]\n/.exec(way.taken) ?? [];
  const kept = way.taken.slice(way.taken.indexOf(']\n') + 2);
  expect(Number(left) + kept.length).toBe(20 * line.length + 8);
  expect(kept.length).toBeLessThanOrEqual(8 * 1024 * 1024);
});

it.each([0, 1024 * 1024])('cuts what is given at once, with %i bytes before it', (backlog) => {
  const { way, output } = wayOut();
  way.backlog = backlog;
  output.put(Buffer.alloc(7 * 1024 * 1024 + 3, 'a'));
  output.flush();
  expect(way.taken).toHaveLength(7 * 1024 * 1024 + 3);
  expect(way.longest).toBe(1024 * 1024);
});

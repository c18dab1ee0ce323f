/** A channel of ssh2 1.17 as a stream that behaves as others do. */
import { Duplex } from 'node:stream';
import type { Channel } from 'ssh2';
import { hasNativePart } from './packet-socket.ts';

/**
 * The channel of ssh2 closes only once all that has come is read, never says that it is destroyed, and
 * does not end its other half. What comes out of the stream is its reader's alone.
 */
export function streamOf(channel: Channel): Duplex {
  const stream = new Duplex({
    read: () => void channel.resume(),
    write: (chunk, _, done) => void channel.write(chunk, done),
    final: (done) => void channel.end(done),
    destroy: (error, done) => {
      channel.destroy();
      channel.resume();
      done(error);
    },
  });
  const isShared = hasNativePart();
  channel.on('data', (chunk: Buffer) => {
    if (!stream.push(isShared ? Buffer.from(chunk) : chunk)) channel.pause();
  });
  channel.on('end', () => stream.push(null));
  channel.on('error', (error: Error) => stream.destroy(error));
  channel.on('close', () => stream.destroy());
  return stream;
}

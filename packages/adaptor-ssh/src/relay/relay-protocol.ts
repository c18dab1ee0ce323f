/** What the two ends of a relay have agreed upon. */
import { Duplex, type Readable, type Writable } from 'node:stream';

/** Where a relay listens. */
export interface RelayAddress {
  readonly host: string;
  readonly port: number;
}

/** In place of an address: the one at which others find that host. */
export const OWN_ADDRESS = 'own';

/** What a stream may have under way, so that a distant one need not wait for each answer. */
export const RELAY_SETTINGS = { initialWindowSize: 4 * 1024 * 1024, maxConcurrentStreams: 10_000 };
/** What all streams together may have. */
export const RELAY_WINDOW = 16 * 1024 * 1024;

const GREETING = /(?:^|\n)pstar-relay (\S+) (\d+)\n/;

/** The line that says where it listens; what comes after it is HTTP/2. */
export function relayGreeting({ host, port }: RelayAddress): string {
  return `\npstar-relay ${host} ${port}\n`;
}

/** Reads the line, whatever a login shell has said before it; undefined while it has not come. */
export function readGreeting(
  bytes: Buffer,
): { readonly address: RelayAddress; readonly rest: Buffer } | undefined {
  const text = bytes.toString('latin1');
  const [line = '', host = '', port] = GREETING.exec(text) ?? [];
  if (port === undefined) return undefined;
  const rest = bytes.subarray(text.indexOf(line) + line.length);
  return { address: { host, port: Number(port) }, rest };
}

/**
 * One stream of two, for HTTP/2 at either end. Node's reads nothing while a write is under way, so that
 * two that have more to say than there is room between them would wait for each other: here a write
 * is over at once. What waits in memory for it is bounded by the windows.
 */
export function bothWays(input: Readable, output: Writable): Duplex {
  const stream = new Duplex({
    read: () => void input.resume(),
    write: (chunk, _, done) => {
      output.write(chunk);
      done();
    },
    final: (done) => void output.end(done),
  });
  input.on('data', (chunk) => {
    if (!stream.push(chunk)) input.pause();
  });
  input.on('end', () => stream.push(null));
  input.on('close', () => stream.destroy());
  for (const each of [input, output]) each.on('error', (error) => stream.destroy(error));
  return stream;
}

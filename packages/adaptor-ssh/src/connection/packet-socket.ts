/**
 * The TCP connection below ssh2 1.17, with what large files want of it: packets leave whole, and none of
 * the memory that they take waits for a collection. Knows which of what it carries is whose, and no more.
 *
 * A buffer is memory outside of the heap, and for every 10 to 30 MB of new ones V8 marks the whole heap, on
 * all cores. ssh2 makes two of 32 KiB for each packet that it sends, and one for each that it reads, and
 * Node one for each read: for 1 GiB 84 to 104 collections, 3.4 s of processor time of 9 that all sides took.
 */
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { giveBack } from '@pstar/core/adaptor';

/** As much as a socket has when nobody has read it for a millisecond: packets are rarely cut in two. */
const READ_BYTES = 256 * 1024;

/** A connection, and what may be known of it later. */
export interface PacketSocket {
  readonly socket: Socket;
  /** What comes is in this cipher from now on, as the two sides have agreed. */
  readsIn(cipher: string): void;
}

/** Begins to connect. */
export function packetSocket(options: TcpNetConnectOpts): PacketSocket {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let isReadAgain = false;
  const callback = (length: number): boolean => {
    const bytes = buffer.subarray(0, length);
    socket.emit('data', isReadAgain ? bytes : Buffer.from(bytes));
    return true;
  };
  const socket = connect({ ...options, noDelay: true, onread: { buffer, callback } });
  writeTogether(socket);
  return {
    socket,
    readsIn: (cipher) => {
      // Of other ciphers ssh2 keeps packets as they came until it has all of them.
      isReadAgain = cipher.includes('-gcm') && !hasNativePart();
    },
  };
}

/**
 * Whether ssh2 runs with its native part, which is built where it can be: that decrypts where the bytes
 * are, and what ssh2 hands on is a part of what was read.
 */
export function hasNativePart(): boolean {
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  return loaded.some((file) => file.endsWith('sshcrypto.node'));
}

/**
 * Has what is written in one tick leave at once: ssh2 writes each packet in three pieces, and without a
 * delay each would be a call of the system, a packet of the network and a wake-up over there. What has left
 * is given back: nobody else has it, as ssh2 makes each packet anew.
 */
function writeTogether(socket: Socket): void {
  const { write } = socket;
  let before: Uint8Array = new Uint8Array();
  const corked = (piece: Buffer): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    const plain = plainOf(before, piece);
    before = piece;
    return write.call(socket, piece, undefined, (error) => {
      if (error) return;
      giveBack(plain);
      giveBack(piece);
    });
  };
  socket.write = corked as typeof write;
}

/** The packet as it was before it was encrypted: its length is sent in the clear, and lies in its memory. */
function plainOf(length: Uint8Array, encrypted: Uint8Array): Uint8Array {
  const isOf = length.buffer.byteLength === length.byteLength + encrypted.byteLength;
  return isOf ? new Uint8Array(length.buffer) : length;
}

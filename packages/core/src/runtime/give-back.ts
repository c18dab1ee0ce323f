/** Memory that is given back at once, and not when the engine next looks. */
import { MessageChannel } from 'node:worker_threads';

/** Less is not worth the call, which takes half a microsecond. */
const LEAST_BYTES = 8 * 1024;

/** Nobody is at its other end: what is posted is gone, and with it the memory that it takes along. */
const nowhere = new MessageChannel().port1;
nowhere.close();

/**
 * Gives the memory of `bytes` back: they are empty afterwards, and so is all else that shows it. Only for
 * who has it alone. Nothing happens where the bytes are but a part of some memory.
 *
 * A buffer is a few words to the collector, and its memory is beside the heap: for every 10 to 30 MB of
 * new ones the engine marks the whole heap, on all cores. For 1 MB to a function and back, that was half
 * of the manager's processor time.
 *
 * @param beside so many bytes more may be in that memory, which nobody needs: the head of a packet, say
 */
export function giveBack(bytes: Uint8Array, beside = 0): void {
  if (bytes.buffer.byteLength - bytes.byteLength <= beside) giveBackAll(bytes);
}

/**
 * The same for the `data` of a message that came by a link: it is the end of that message's own memory,
 * and what the message says besides lies before it, which is read and done with, or was copied.
 */
export function giveBackData(data: Uint8Array): void {
  if (data.byteOffset + data.byteLength === data.buffer.byteLength) giveBackAll(data);
}

function giveBackAll({ byteLength, buffer }: Uint8Array): void {
  if (byteLength >= LEAST_BYTES) nowhere.postMessage(null, [buffer as ArrayBuffer]);
}

/** Signals that much waits for at once. */
import { setMaxListeners } from 'node:events';

/**
 * An AbortController whose signal may have any number of listeners. Node warns of a leak from the eleventh
 * on, which is right only where one after the other is added and none is taken away.
 */
export function sharedAbort(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

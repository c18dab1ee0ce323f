/** Where the agent finds its manager, now: one that came back may listen somewhere else. */
import { readFile } from 'node:fs/promises';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Link } from '../transport/link.ts';
import { dialPlain } from '../transport/plain-link.ts';
import { dialTls } from '../transport/tls-dial.ts';

type Address = AgentSettings['manager'];

const DIAL_TIMEOUT_MS = 10_000;

/**
 * Dials the manager by its socket, if it is at the other end of one, or at its address of that moment. Both are
 * away while a connection is made again, and the socket is back first: where the address answers although
 * the socket has not, it may have come back between the two, and is dialed once more.
 */
export function managerDialer(settings: AgentSettings, log: Log): () => Promise<Link> {
  const { identity, managerSocket, managerIsHere: isNear = false } = settings;
  const key = Buffer.from(settings.key, 'base64');
  const known = { identity, key, timeoutMs: DIAL_TIMEOUT_MS, log };
  const bySocket = async (path: string) =>
    dialPlain({ ...known, path, isNear }).catch((error: Error) => {
      log.debug(error, `not by the socket: ${error.message}`);
    });
  const byAddress = async () => {
    const { host, port } = (await publishedAddress(settings.managerFile)) ?? settings.manager;
    return dialTls({ ...known, host, port });
  };
  return async () => {
    if (managerSocket === undefined) return byAddress();
    const first = await bySocket(managerSocket);
    if (first) return first;
    const other = await byAddress();
    const second = await bySocket(managerSocket);
    if (second) other.destroy();
    return second ?? other;
  };
}

/** Undefined when there is none, or the file system that has it does not answer well. */
async function publishedAddress(file: string | undefined): Promise<Address | undefined> {
  if (file === undefined) return undefined;
  try {
    const { host, port } = JSON.parse(await readFile(file, 'utf8')) as Partial<Address>;
    return typeof host === 'string' && typeof port === 'number' ? { host, port } : undefined;
  } catch {
    return undefined;
  }
}

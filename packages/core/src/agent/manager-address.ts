/** Where the agent finds its manager, now: one that came back may listen somewhere else. */
import { readFile } from 'node:fs/promises';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Link } from '../transport/link.ts';
import { dialPlain } from '../transport/plain-link.ts';
import { dialTls } from '../transport/tls-dial.ts';

type Address = AgentSettings['manager'];

const DIAL_TIMEOUT_MS = 10_000;

/** Dials the manager by its socket, if it is at the other end of one, or at its address of that moment. */
export function managerDialer(settings: AgentSettings, log: Log): () => Promise<Link> {
  const { identity, managerSocket, managerIsHere: isNear = false } = settings;
  const key = Buffer.from(settings.key, 'base64');
  const known = { identity, key, timeoutMs: DIAL_TIMEOUT_MS, log };
  return async () => {
    if (managerSocket !== undefined) {
      const link = await dialPlain({ ...known, path: managerSocket, isNear }).catch(
        (error: Error) => {
          log.debug(error, `not by the socket: ${error.message}`);
        },
      );
      if (link) return link;
    }
    const { host, port } = (await publishedAddress(settings.managerFile)) ?? settings.manager;
    return dialTls({ ...known, host, port });
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

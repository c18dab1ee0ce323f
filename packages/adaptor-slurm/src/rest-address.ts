/** Where a slurmrestd listens, by its URL. PURE. */
import { PilotError } from '@pstar/core/adaptor';

/** Where to dial. */
export type RestAddress =
  | { readonly socketPath: string }
  | { readonly secure: boolean; readonly host: string; readonly port: number };

/** What slurmrestd's own manual listens on in its examples. */
const DEFAULT_PORT = 6820;

/** The schemes by which a slurmrestd is meant. */
export const REST_PROTOCOLS = ['slurm+http:', 'slurm+https:', 'slurm+unix:'];

/** Options of a `slurm://` URL that say how commands are to be run. */
const OF_COMMANDS = ['bin', 'cluster', 'conf'];

/**
 * Reads `slurm+unix:///run/slurmrestd.sock`, `slurm+http://host:6820` and `slurm+https://host`.
 *
 * @throws PilotError `URL_INVALID`
 */
export function readRestAddress(rm: URL): RestAddress {
  const option = OF_COMMANDS.find((name) => rm.searchParams.has(name));
  if (option !== undefined) {
    throw invalid(rm, `${option} is about Slurm's commands`, 'take it out: slurmrestd has its own');
  }
  if (rm.protocol === 'slurm+unix:') return { socketPath: readSocketPath(rm) };
  if (rm.hostname === '') {
    throw invalid(rm, 'the host of slurmrestd is missing', 'write slurm+http://host:6820');
  }
  if (rm.pathname !== '' && rm.pathname !== '/') {
    throw invalid(rm, `slurmrestd has no path ${rm.pathname}`, `write ${rm.protocol}//${rm.host}`);
  }
  const secure = rm.protocol === 'slurm+https:';
  const port = rm.port === '' ? (secure ? 443 : DEFAULT_PORT) : Number(rm.port);
  // Brackets are of URLs; who dials wants the address alone.
  return { secure, host: rm.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

/** The address as people know it. */
export function addressText(address: RestAddress): string {
  if ('socketPath' in address) return address.socketPath;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.secure ? 'https' : 'http'}://${host}:${address.port}`;
}

function readSocketPath(rm: URL): string {
  if (rm.hostname !== '' || rm.pathname.length < 2) {
    const hint = 'write three slashes: slurm+unix:///run/slurmrestd.sock';
    throw invalid(rm, 'the path of the socket is missing', hint);
  }
  return decodeURIComponent(rm.pathname);
}

function invalid(rm: URL, problem: string, hint: string): PilotError {
  return new PilotError('URL_INVALID', problem, { subject: rm.href, hint });
}

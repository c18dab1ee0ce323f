/** What may stand for a resource manager: a URL, the name of a profile, or nothing. */
import type { Adaptor } from '../../adaptor/adaptor.ts';
import type { DetectedResourceManager } from '../../adaptor/detect.ts';
import { PilotError } from '../../model/errors.ts';
import type { PilotJobDescription } from '../../model/pilot-job-description.ts';
import { written } from '../../model/written.ts';
import { readProfile } from './profiles.ts';

/** A resource manager with what its profile, if it came by one, wants of every pilot. */
export interface NamedResourceManager {
  readonly url: URL;
  readonly defaults: PilotJobDescription;
  /** When nobody has named it. */
  readonly detected?: DetectedResourceManager;
}

/**
 * Finds the resource manager that is meant; without a name it is $PSTAR_DEFAULT_RM, else what is
 * detected.
 *
 * @throws PilotError `URL_INVALID`; `NOT_FOUND` for a profile that is not there
 */
export async function namedResourceManager(
  rm: string | URL | undefined,
  detect: () => Promise<DetectedResourceManager>,
): Promise<NamedResourceManager> {
  if (rm !== undefined) refuseNoName(rm);
  const text = String(rm ?? process.env['PSTAR_DEFAULT_RM'] ?? '');
  if (text === '') {
    const detected = await detect();
    return { url: resourceManagerUrl(detected.rm), defaults: {}, detected };
  }
  if (text.includes('://')) return { url: resourceManagerUrl(text), defaults: {} };
  if (/^[^@]*:.*@/s.test(text)) throw noUrl(text);
  const profile = await readProfile(text);
  return { url: resourceManagerUrl(profile.rm), defaults: profile.description ?? {} };
}

/**
 * Checks what a URL asks of its adaptor.
 *
 * @throws PilotError `URL_INVALID`, naming the option
 */
export function checkOptions(
  { href, searchParams }: URL,
  { scheme, optionsSchema }: Adaptor,
): void {
  const options = Object.fromEntries(searchParams);
  const refuse = (problem: string) => {
    throw new PilotError('URL_INVALID', problem, { subject: href });
  };
  if (optionsSchema === undefined) {
    const [name] = Object.keys(options);
    if (name !== undefined) refuse(`${scheme}:// takes no options, and this has ${name}`);
    return;
  }
  const issue = optionsSchema.safeParse(options).error?.issues[0];
  if (issue !== undefined) refuse([issue.path.join('.'), issue.message].filter(Boolean).join(': '));
}

/**
 * Divides the options of a URL among its adaptors: a URL for each, with those that are its own.
 *
 * @throws PilotError `URL_INVALID`, naming the option and who does not know it
 */
export function divideOptions(
  url: URL,
  adaptors: readonly [Adaptor, Adaptor],
): readonly [URL, URL] {
  const strange = adaptors.map((adaptor) => unknownOptions(url, adaptor));
  const [first, second] = strange as [ReadonlySet<string>, ReadonlySet<string>];
  const nobodys = [...first].find((name) => second.has(name));
  if (nobodys !== undefined) {
    const [one, other] = adaptors.map(({ scheme }) => `${scheme}://`);
    const problem = `neither ${one} nor ${other} has an option ${nobodys}`;
    throw new PilotError('URL_INVALID', problem, { subject: url.href });
  }
  const without = (names: ReadonlySet<string>) => {
    const own = new URL(url);
    for (const name of names) own.searchParams.delete(name);
    return own;
  };
  const urls = [without(first), without(second)] as const;
  for (const [i, own] of urls.entries()) checkOptions(own, adaptors[i] as Adaptor);
  return urls;
}

function unknownOptions({ searchParams }: URL, { optionsSchema }: Adaptor): ReadonlySet<string> {
  const options = Object.fromEntries(searchParams);
  if (optionsSchema === undefined) return new Set(Object.keys(options));
  const issues = optionsSchema.safeParse(options).error?.issues ?? [];
  return new Set(issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])));
}

function resourceManagerUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Not as the cause: it has the text, with whatever credentials are in it.
    throw noUrl(text);
  }
  // The journal and the log show URLs.
  if (url.password === '') return url;
  throw new PilotError('URL_INVALID', 'a URL is no place for a password', {
    subject: `${url.protocol}//${url.host}`,
    hint: 'pass it in options.context',
  });
}

/** Programs without types hand over anything, and nothing of it means the default. */
function refuseNoName(rm: unknown): void {
  if (rm instanceof URL || (typeof rm === 'string' && rm !== '')) return;
  throw new PilotError('URL_INVALID', `${written(rm)} is no resource manager`, {
    subject: 'rm',
    hint: 'write a URL such as local://, or leave it out for the default',
  });
}

function noUrl(text: string): PilotError {
  return new PilotError('URL_INVALID', `'${text.replace(/^([^:]*:\/*)?.*@/s, '$1…@')}' is no URL`, {
    subject: 'rm',
    hint: 'write local://, or slurm+ssh://login.example/',
  });
}

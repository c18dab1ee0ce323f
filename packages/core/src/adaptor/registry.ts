/**
 * Finds the adaptor of a scheme: one passed in, one registered, or one in a package whose name says
 * so. Knows no adaptor but `local://`, and what some others are looked for as.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PilotError } from '../model/errors.ts';
import { ADAPTOR_CONTRACT, type Adaptor } from './adaptor.ts';
import { localAdaptor } from './local.ts';

const registered = new Map<string, Adaptor>([[localAdaptor.scheme, localAdaptor]]);

/** Names that people try, and the scheme that serves them. */
const SERVED_BY: Readonly<Record<string, string>> = { gridengine: 'drmaa', sge: 'drmaa' };

/** Makes an adaptor known to every service of this program; the last of a scheme counts. */
export function registerAdaptor(adaptor: Adaptor): void {
  registered.set(adaptor.scheme, checked(adaptor, adaptor.scheme));
}

/** What is registered; adaptors in packages are found when their scheme is first asked for. */
export function availableAdaptors(): readonly Adaptor[] {
  return [...registered.values()];
}

/**
 * The adaptor of a scheme. `slurm+ssh` is the adaptor `slurm`, unless one has that very name.
 *
 * @throws PilotError `ADAPTOR_NOT_FOUND`, naming the packages that were looked for;
 * `ADAPTOR_INCOMPATIBLE`, naming both contracts
 */
export async function findAdaptor(
  scheme: string,
  own: readonly Adaptor[] = [],
  load: (packageName: string) => Promise<unknown> = loadPackage,
): Promise<Adaptor> {
  const names = [scheme, scheme.split('+')[0] as string];
  for (const name of names) {
    const adaptor = own.find((candidate) => candidate.scheme === name) ?? registered.get(name);
    if (adaptor !== undefined) return checked(adaptor, name);
  }
  const packages = packageNames(names[1] as string);
  for (const name of packages) {
    const module = await load(name);
    if (module !== undefined) return adaptorOf(module, names[1] as string, name);
  }
  throw new PilotError('ADAPTOR_NOT_FOUND', 'there is no adaptor for this scheme', {
    subject: `${scheme}://`,
    hint: hintFor(scheme, packages),
  });
}

function hintFor(scheme: string, packages: readonly string[]): string {
  const [name = '', ...ways] = scheme.split('+');
  const served = Object.hasOwn(SERVED_BY, name) ? SERVED_BY[name] : undefined;
  if (served !== undefined) {
    return `write ${[served, ...ways].join('+')}://, which @pstar/adaptor-${served} serves`;
  }
  return `install ${packages.join(' or ')}, or pass it to open({ adaptors })`;
}

/** An adaptor, with the one whose gateway its commands run behind. */
export interface FoundAdaptor {
  readonly adaptor: Adaptor;
  readonly gateway?: Adaptor;
}

/**
 * The adaptors of a scheme: `slurm+ssh` is `slurm` behind the gateway of `ssh`, unless one has that
 * very name or `slurm` has a way of its own that is called so.
 *
 * @throws PilotError as {@link findAdaptor} does; `ADAPTOR_NOT_FOUND` for a gateway that is none
 */
export async function findAdaptors(
  scheme: string,
  own: readonly Adaptor[] = [],
  load: (packageName: string) => Promise<unknown> = loadPackage,
): Promise<FoundAdaptor> {
  const adaptor = await findAdaptor(scheme, own, load);
  const way = scheme.slice(scheme.indexOf('+') + 1);
  if (way === scheme || adaptor.scheme === scheme) return { adaptor };
  if (adaptor.transports?.includes(way)) return { adaptor };
  const gateway = await findAdaptor(way, own, load);
  if (gateway.openGateway === undefined || gateway.scheme !== way) {
    throw new PilotError('ADAPTOR_NOT_FOUND', `${way}:// is no way to other resource managers`, {
      subject: `${scheme}://`,
      hint:
        adaptor.openGateway === undefined
          ? `write ${adaptor.scheme}://, or ${adaptor.scheme}+ssh://login.example/`
          : `write ${way}+${adaptor.scheme}://login.example/`,
    });
  }
  if (adaptor.openGateway === undefined) return { adaptor, gateway };
  throw new PilotError('ADAPTOR_NOT_FOUND', `${adaptor.scheme}:// goes its own way to its hosts`, {
    subject: `${scheme}://`,
    hint: `write ${adaptor.scheme}://`,
  });
}

/** A package may have the adaptors of several versions of something: `drmaa2` is in that of `drmaa`. */
function packageNames(scheme: string): string[] {
  const names = new Set([scheme, scheme.replace(/\d+$/, '')]);
  return [...names].flatMap((name) => [`@pstar/adaptor-${name}`, `pstar-adaptor-${name}`]);
}

function adaptorOf(module: unknown, scheme: string, packageName: string): Adaptor {
  const adaptors = Object.values(module as Record<string, unknown>).filter(isAdaptor);
  const isNamedAfterIt = packageName.endsWith(`-${scheme}`);
  const adaptor =
    adaptors.find((each) => each.scheme === scheme) ?? (isNamedAfterIt ? adaptors[0] : undefined);
  if (adaptor === undefined) {
    throw new PilotError('ADAPTOR_INCOMPATIBLE', `the package exports no adaptor of ${scheme}://`, {
      subject: packageName,
      hint: 'export what defineAdaptor() returns',
    });
  }
  return checked(adaptor, packageName);
}

function isAdaptor(value: unknown): value is Adaptor {
  const { scheme, connect } = (value ?? {}) as Partial<Adaptor>;
  return typeof scheme === 'string' && typeof connect === 'function';
}

function checked(adaptor: Adaptor, subject: string): Adaptor {
  if (adaptor.contract === ADAPTOR_CONTRACT) return adaptor;
  throw new PilotError(
    'ADAPTOR_INCOMPATIBLE',
    `the adaptor is written for contract ${adaptor.contract}, and this is ${ADAPTOR_CONTRACT}`,
    { subject, hint: 'update the older of the adaptor and @pstar/core' },
  );
}

/** The package's module; undefined when it is not installed. What is broken in it is thrown. */
async function loadPackage(name: string): Promise<unknown> {
  // From the program first: with pnpm and the like, the core does not see its neighbours.
  for (const from of [join(process.cwd(), 'package.json'), process.argv[1], import.meta.url]) {
    if (from === undefined) continue;
    let file: string;
    try {
      file = createRequire(from).resolve(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') continue;
      throw error;
    }
    return import(pathToFileURL(file).href);
  }
  return undefined;
}

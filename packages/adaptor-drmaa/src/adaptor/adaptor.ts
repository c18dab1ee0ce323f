/** The doors: `drmaa://` and `drmaa2://`, by a library of this machine. */
import {
  type Adaptor,
  type ConnectContext,
  defineAdaptor,
  type ResourceManager,
} from '@pstar/core/adaptor';
import { type Drmaa, loadDrmaa } from '../drmaa1/drmaa.ts';
import type { DrmaaSession } from '../drmaa1/session.ts';
import { type Drmaa2, loadDrmaa2 } from '../drmaa2/drmaa2.ts';
import { honouredBy } from './dialects/dialect.ts';
import { gridEngine } from './dialects/gridengine.ts';
import { dialectOf } from './dialects/names.ts';
import { OTHER_DIALECTS } from './dialects/others.ts';
import { Drmaa1Jobs, type Drmaa1Parts } from './drmaa1-jobs.ts';
import { Drmaa2Jobs } from './drmaa2-jobs.ts';
import { DRMAA2_RULES } from './drmaa2-rules.ts';
import { FarHosts } from './far-hosts.ts';
import { GridEngineCommands } from './gridengine/commands.ts';
import { executionHosts } from './gridengine/hosts.ts';
import { GridEngineJobs } from './gridengine/jobs.ts';
import {
  cellEnvironment,
  DRMAA1,
  DRMAA2,
  findLibrary,
  LIBRARY_DIRECTORIES,
  type LibraryKind,
} from './libraries.ts';
import type { NativeJobs } from './native-jobs.ts';
import { NATIVE_SPECIFICATION } from './plan.ts';
import { DrmaaResourceManager } from './resource-manager.ts';
import { INIT_COMMANDS } from './script.ts';
import { holdSession, sessionName } from './sessions.ts';
import { Shared } from './shared.ts';
import { Drmaa2Options, DrmaaOptions, readUrl } from './url.ts';

type Environment = Readonly<Record<string, string>>;

/** In seconds; as often as other adaptors look. */
const POLL_S = 10;

/** Theirs only so that it is refused by the URL alone, before any host is asked. */
const transports = ['ssh'];

/** After this long without a connection a library is closed. */
const IDLE_MS = 5_000;

const libraries = new Shared<Drmaa>((library) => library.close(), IDLE_MS);
const libraries2 = new Shared<Drmaa2>((library) => library.close(), IDLE_MS);
const sessions = new Shared<DrmaaSession>((session) => session.exit(), 0);

/** Starts agents as native jobs of Grid Engine, or of whatever has a library of DRMAA 1. */
export const drmaaAdaptor: Adaptor = defineAdaptor({
  scheme: DRMAA1.scheme,
  optionsSchema: DrmaaOptions,
  transports,
  attributes: honouredBy(gridEngine({}).rules),
  connect: async (rm, context) => {
    const { library, options } = readUrl(rm, DrmaaOptions);
    const environment = await cellEnvironment(options);
    const path = library ?? (await found(DRMAA1, environment));
    const jobs = await jobsOfDrmaa1(path, options, environment, context);
    return connected(jobs, options.poll, context);
  },
});

/** Starts agents as native jobs of whatever has a library of DRMAA 2. */
export const drmaa2Adaptor: Adaptor = defineAdaptor({
  scheme: DRMAA2.scheme,
  optionsSchema: Drmaa2Options,
  transports,
  attributes: honouredBy(DRMAA2_RULES),
  connect: async (rm, context) => {
    const { library, options } = readUrl(rm, Drmaa2Options);
    const environment = await cellEnvironment(options);
    const path = library ?? (await found(DRMAA2, environment));
    const jobs = await jobsOfDrmaa2(path, options, environment, context);
    return connected(jobs, options.poll, context);
  },
});

async function jobsOfDrmaa1(
  path: string,
  options: DrmaaOptions,
  environment: Environment,
  { runner, directory, log, clock }: ConnectContext,
): Promise<NativeJobs> {
  const key = JSON.stringify([path, environment]);
  const loaded = await libraries.hold(key, clock, () => loadDrmaa(path, { environment, log }));
  const library = loaded.value;
  try {
    const name = options.dialect ?? dialectOf(library.drmSystem, library.implementation);
    const isGridEngine = name === 'gridengine';
    // Grid Engine takes any name for a session; the others have one session, and no names.
    const contact = isGridEngine ? `session=${sessionName(directory)}` : undefined;
    const place = JSON.stringify([path, environment, directory]);
    const entered = await sessions.hold(place, clock, () => library.init(contact));
    const session = entered.value;
    const release = () => entered.release().finally(() => loaded.release());
    const { queue, project } = options;
    const site = process.env[NATIVE_SPECIFICATION] ?? '';
    const defaults = { queue, project, nativeSpecification: site };
    const dialect = isGridEngine ? gridEngine(options) : OTHER_DIALECTS[name];
    const parts: Drmaa1Parts = { library, session, dialect, defaults, release };
    if (!isGridEngine) return new Drmaa1Jobs(parts);
    const commands = new GridEngineCommands({ runner, bin: options.bin, environment });
    const whole = { ...process.env, ...environment };
    const hosts = () => executionHosts(commands, whole);
    return new GridEngineJobs({ ...parts, commands, hosts, pe: options.pe, environment: whole });
  } catch (error) {
    await loaded.release(true).catch(() => {});
    throw error;
  }
}

async function jobsOfDrmaa2(
  path: string,
  options: Drmaa2Options,
  environment: Environment,
  { directory, log, clock }: ConnectContext,
): Promise<NativeJobs> {
  const { layout, queue, project } = options;
  const key = JSON.stringify([path, environment, layout]);
  const loaded = await libraries2.hold(key, clock, () =>
    loadDrmaa2(path, { environment, log, ...(layout && { layout }) }),
  );
  const library = loaded.value;
  try {
    const { session: own } = options;
    const held = await holdSession(library, own ?? sessionName(directory));
    // One that the user has named may have what is not ours.
    const release = (isNeeded: boolean) =>
      held.release(isNeeded || own !== undefined).finally(() => loaded.release());
    const { session } = held;
    return new Drmaa2Jobs({ library, session, release, defaults: { queue, project } });
  } catch (error) {
    await loaded.release(true).catch(() => {});
    throw error;
  }
}

function connected(
  jobs: NativeJobs,
  poll: number | undefined,
  { clock, runner, directory }: ConnectContext,
): ResourceManager {
  const initCommands = (process.env[INIT_COMMANDS] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return new DrmaaResourceManager({
    jobs,
    farHosts: new FarHosts({ clock, runner, hosts: () => jobs.hosts() }),
    clock,
    files: runner.files,
    directory,
    pollIntervalMs: 1000 * (poll ?? POLL_S),
    initCommands,
  });
}

function found(kind: LibraryKind, environment: Environment): Promise<string> {
  return findLibrary(kind, {
    environment: { ...process.env, ...environment },
    directories: LIBRARY_DIRECTORIES,
  });
}

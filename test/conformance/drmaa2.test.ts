/** `drmaa2://` keeps what adaptors promise, by a library of our own that really runs jobs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Drmaa2, type Drmaa2Job, drmaa2Adaptor, loadDrmaa2 } from '@pstar/adaptor-drmaa';
import { describeAdaptorConformance } from '@pstar/adaptor-testkit';
import { buildDrmaa2 } from '../drmaa/build.ts';
import { withoutCommands } from './excuses.ts';

const AN_HOUR_MS = 3_600_000;
const SESSION = 'of-the-kit';

let library: string;
let root: string;
let drmaa: Drmaa2;

/** Does this to a native job, as another program of its owner would. */
async function toJob<T>(nativeId: string, action: (job: Drmaa2Job) => Promise<T>): Promise<T> {
  await using session = await drmaa.openJobSession(SESSION);
  const job = (await session.getJobs()).find(({ id }) => id === nativeId);
  if (job === undefined) throw new Error(`the session does not have ${nativeId}`);
  return await action(job);
}

const BY_LIBRARY =
  'the library does it, in a process of its own, and no command: tests of the binding try what goes wrong there';
const NOTHING_DOWN = 'there is nothing that could be away: the library keeps its store in files';

describeAdaptorConformance('drmaa2:// with a library of ours', {
  adaptor: drmaa2Adaptor,
  rm: () => `drmaa2://${library}?poll=1&session=${SESSION}`,
  setup: async () => {
    library = await buildDrmaa2({ layout: 'pbs' });
    root = await mkdtemp(join(tmpdir(), 'pstar-drmaa2-'));
    process.env['DRMAA2_TEST_ROOT'] = root;
    process.env['DRMAA2_TEST_SLOTS'] = '64';
    drmaa = await loadDrmaa2(library);
  },
  teardown: async () => {
    await drmaa.close();
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  },
  pending: { startTime: new Date(Date.now() + AN_HOUR_MS) },
  refused: { description: { queue: 'nowhere' }, says: /queue/ },
  examples: {
    queue: { queue: 'long' },
    project: { project: 'physics' },
    cpuArchitecture: { cpuArchitecture: 'x86_64' },
    operatingSystemType: { operatingSystemType: 'Linux' },
    nativeOptions: { nativeOptions: { priority: 3 } },
  },
  outside: {
    cancel: (nativeId) => toJob(nativeId, (job) => job.terminate()),
    suspend: (nativeId) => toJob(nativeId, (job) => job.suspend()),
    resume: (nativeId) => toJob(nativeId, (job) => job.resume()),
    hold: (nativeId) => toJob(nativeId, (job) => job.hold()),
    forget: (nativeId) => toJob(nativeId, (job) => job.reap()),
    show: (nativeId) => toJob(nativeId, async (job) => (await job.getJobTemplate()).jobName ?? ''),
  },
  program: { module: new URL('../../packages/adaptor-drmaa/src/index.ts', import.meta.url).href },
  // On a machine that has other things to do, a program alone may take half of it to start.
  patienceMs: 45_000,
  load: { count: 200, because: 'each is a call to the library, which reads its store each time' },
  cannot: {
    'attributes:accepted': 'the library has no mail: it refuses what asks for it, by name',
    ...withoutCommands(BY_LIBRARY),
    'down:states': NOTHING_DOWN,
    'down:submit': NOTHING_DOWN,
    'down:find': NOTHING_DOWN,
    'outside:lost': 'there is one machine, which the tests themselves need',
    'files:there': 'the library is loaded here: drmaa2+ssh:// is refused',
    'signal:running': 'DRMAA 2 sends no signal of the user’s',
    'outside:requeued': 'nobody but the resource manager puts a job of DRMAA 2 back into its queue',
  },
});

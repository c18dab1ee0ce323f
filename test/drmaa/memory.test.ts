/**
 * What C allocates is freed, and freed once: by the library's own counters, and by AddressSanitizer and
 * LeakSanitizer, which are preloaded into the helper process and see all of its malloc(). They find no
 * pointers in V8's heap, so that what is alive there looks lost: what counts is what is lost often.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Drmaa2JobSession, Drmaa2JobTemplate } from '@pstar/adaptor-drmaa';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Layout, layouts } from './build.ts';
import { Drmaa2World, newSession } from './fixture.ts';

const AT_ONCE = 50;
/** So far that what each trip loses is seen: finding leaks is slow. */
const SOME = 300;
const MANY = 10_000;
const OFTEN = 20;

/** All that a template can hold: strings, numbers, words, lists, dictionaries, extensions. */
const template: Drmaa2JobTemplate = {
  remoteCommand: '/bin/true',
  args: ['one', 'two words'],
  submitAsHold: true,
  jobEnvironment: { A: 'x=y' },
  jobName: 'round trip',
  minSlots: 1,
  machineOS: 'LINUX',
  resourceLimits: { WALLCLOCK_TIME: '20' },
  implementationSpecific: { testNote: 'a note' },
};

let sanitizer: string;

beforeAll(async () => {
  const { stdout } = await promisify(execFile)('cc', ['-print-file-name=libasan.so']);
  sanitizer = stdout.trim();
});

/** A native job that never runs: submitted, looked at from all sides, ended, waited for, forgotten. */
async function roundTrip(session: Drmaa2JobSession, layout: Layout): Promise<void> {
  using job = await session.runJob(template);
  const looks = [job.getInfo(), job.getJobTemplate(), session.getJobs({ jobId: job.id })] as const;
  const [info, made, found] = await Promise.all(looks);
  expect(info).toMatchObject({ jobId: job.id, jobState: 'QUEUED_HELD' });
  expect(made).toEqual(template);
  await job.terminate();
  for (const same of found) same[Symbol.dispose]();
  await session.waitAnyTerminated([job], { timeout: 20 });
  if (layout !== 'ogf') await job.reap();
}

/** A template and a filter with all that has to be made in C, piece by piece. */
const pieces = { ...template, email: ['a', 'b'], candidateMachines: ['c', 'd'] };
const filter = { allocatedMachines: [{ machineName: 'a', slots: 1 }, { machineName: 'b' }] };

/** Messages that fail halfway, by each function that can. */
async function failHalfway(world: Drmaa2World, session: Drmaa2JobSession): Promise<void> {
  const often = async (code: string, ask: () => Promise<unknown>) => {
    const asked = Array.from({ length: OFTEN + 5 }, ask);
    for (const one of await Promise.allSettled(asked))
      expect(one).toMatchObject({ status: 'rejected', reason: { code } });
  };
  for (const name of ['list_add', 'list_create', 'dict_set', 'dict_create', 'jtemplate_create']) {
    await world.fail(`${name}:error=10`);
    await often('TRY_LATER', () => session.runJob(pieces));
    if (name.startsWith('list')) await often('TRY_LATER', () => session.getJobs(filter));
  }
  await world.fail('set_instance_value:error=11');
  await often('ATTRIBUTE_UNSUPPORTED', () => session.runJob(template));
  await world.fail('j_get_id:error=6');
  await often('ADAPTOR_FAILED', () => session.runJob(template));
  await often('ADAPTOR_FAILED', () => session.getJobs());
  await world.fail('list_get:error=6');
  await often('ADAPTOR_FAILED', () => session.getJobs());
  await world.fail();
}

/** What is lost often in the library, or where koffi called malloc for us, as the report has it. */
async function losses(root: string): Promise<string[]> {
  const found: string[] = [];
  const reports = (await readdir(root)).filter((name) => name.startsWith('report.'));
  expect(reports).not.toEqual([]);
  for (const name of reports) {
    const text = await readFile(join(root, name), 'utf8');
    expect(text).not.toContain('ERROR: AddressSanitizer');
    for (const block of text.split('\n\n')) {
      const count = Number(/leak of \d+ byte\(s\) in (\d+) object/.exec(block)?.[1] ?? 0);
      if (count > OFTEN && /#1 .*(?:koffi|drmaa)/.test(block)) found.push(block);
    }
  }
  return found;
}

async function roundTrips(session: Drmaa2JobSession, layout: Layout, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => roundTrip(session, layout)));
  }
}

describe.concurrent('the memory of C', () => {
  it(`is used as it should be over ${MANY} round trips, and all of it is freed once`, async () => {
    await using world = await Drmaa2World.open({ layout: 'age', sanitizer });
    const session = await newSession(world.drmaa);
    await roundTrips(session, 'age', MANY);
    await session.close();
    await world.drmaa.close();
    // With an error the sanitizer ends the process, and the call that was under way is rejected.
    expect((await readdir(world.root)).filter((name) => name.startsWith('report.'))).toEqual([]);
    const jobs = (await world.counters()).map(
      ({ job }) => (job as { freed: number } | undefined)?.freed ?? 0,
    );
    expect(Math.max(...jobs)).toBeGreaterThanOrEqual(MANY);
    await world.expectNothingLeft();
  }, 300_000);

  it.each(layouts)(
    'is not lost, by layout %s, neither by round trips nor by messages that fail halfway',
    async (layout) => {
      await using world = await Drmaa2World.open({ layout, sanitizer, findLeaks: true });
      const session = await newSession(world.drmaa);
      await failHalfway(world, session);
      await roundTrips(session, layout, SOME);
      await world.fail('jsession_get_contact:leaks');
      await session.getContact();
      expect(await losses(world.root)).toEqual([]);
      await session.close();
      await world.drmaa.close();
      await world.expectNothingLeft();
    },
    300_000,
  );
});

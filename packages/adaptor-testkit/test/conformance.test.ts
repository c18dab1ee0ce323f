/**
 * The kit against a toy: whole, it keeps every promise; each defect fails what is meant for it, and
 * nothing else.
 */
import { describe, expect, it } from 'vitest';
import { ADAPTOR_REQUIREMENTS, describeAdaptorConformance, problemWith } from '../src/index.ts';
import { ENDING } from './toy/ending-defects.ts';
import { FAILING } from './toy/failing-defects.ts';
import { SUBMITTING } from './toy/submitting-defects.ts';
import { TELLING } from './toy/telling-defects.ts';
import { type Defect, toyOptions } from './toy/toy-adaptor.ts';

/** For what is kept: a busy machine is waited for. What is broken is waited for no longer than it takes to see that. */
const PATIENT = { patienceMs: 45_000 };
const { queue, ...whole } = toyOptions();
describeAdaptorConformance('a toy', { ...whole, ...PATIENT, teardown: () => queue.clear() });

const DEFECTS = [...SUBMITTING, ...TELLING, ...ENDING, ...FAILING];
const NAMES = ADAPTOR_REQUIREMENTS.map(({ name }) => name);
const themeOf = (name: string) => name.split(':')[0];
const AT_ONCE = 6;
/** A defect is tried by the themes of what it fails; with PSTAR_KIT=all, in minutes, by everything. */
const ALL = process.env['PSTAR_KIT'] === 'all';

/** Those that an adaptor with this defect is tried by. */
function triedWith({ fails }: Defect): string[] {
  const themes = new Set(fails.map(themeOf));
  const chosen = NAMES.filter((name) => ALL || themes.has(themeOf(name)));
  return chosen.filter((name) => whole.cannot?.[name] === undefined);
}

async function failedBy(defect: Defect): Promise<string[]> {
  const left = triedWith(defect);
  const failed: string[] = [];
  const tryNext = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const { queue, ...options } = toyOptions(defect);
      const patience = defect.fails.includes(name) ? {} : PATIENT;
      if ((await problemWith(name, { ...options, ...patience })) !== undefined) failed.push(name);
      queue.clear();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tryNext));
  return failed.sort();
}

describe('an adaptor that', () => {
  it.each(DEFECTS)('$what fails $fails.0', { timeout: 120_000 }, async (defect) => {
    expect(await failedBy(defect)).toEqual([...defect.fails].sort());
  });
});

it('files:there is met by an adaptor that names to its command what it has written there', async () => {
  const { queue, ...options } = toyOptions({
    what: 'hands over a file',
    fails: ['files:there'],
    manager: ({ context, toy }) => ({
      submit: async ({ name, directory, logFile, environment }, more) => {
        const spec = {
          name,
          title: name,
          queue: 'later',
          script: ':',
          directory,
          logFile,
          environment,
        };
        const path = `${directory}/toy.json`;
        await context.runner.files.write(path, JSON.stringify(spec), { mode: 0o600 });
        return (await toy(['submit', path], more)) as string;
      },
    }),
  });
  expect(await problemWith('files:there', options)).toBeUndefined();
  queue.clear();
});

it('there is a defect for each requirement', () => {
  const meant = new Set(DEFECTS.flatMap(({ fails }) => fails));
  const missing = NAMES.filter((name) => !meant.has(name));
  expect(missing).toEqual(Object.keys(whole.cannot ?? {}));
});

import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const ALL = ['{packages,examples}/*/test/**/*.test.ts', 'test/**/*.test.ts'];
/** Tests that wait most of the time, for servers, leases and time-outs: many files at once. */
const WAITING = [
  'examples/*/test/**/*.test.ts',
  'packages/adaptor-testkit/test/**/*.test.ts',
  'test/{chaos,clusters,conformance,drmaa,examples,gridengine,slurm,ssh,staging}/**/*.test.ts',
];
const WAITING_PER_CORE = 2;
/**
 * A bound for tests that wait: each of their waits has an end of its own, which says what it was for, and
 * one test, or the hook that mends its cluster, has several.
 */
const WAITING_MS = 120_000;

/** What takes minutes comes first, so that at the end nothing of it is waited for alone. */
const LONG = [
  'test/simulation/simulation',
  'test/conformance/',
  'test/packaging/',
  'packages/adaptor-testkit/',
  'test/ssh/lost',
  'test/slurm/limits',
  'test/chaos/',
  'test/examples/',
  'test/bench/',
  'test/gridengine/',
  'test/slurm/',
  'test/ssh/',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((part) => moduleId.includes(part));
      return place < 0 ? LONG.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  // Tests run from source, as the examples do: no build is needed before them.
  ssr: { resolve: { conditions: ['@pstar/source', 'module', 'node', 'development|production'] } },
  test: {
    globalSetup: ['tools/run-directory.ts', 'tools/build-agent.mjs'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // One second, as vitest has it, is not always enough for a process on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    retry: 0,
    allowOnly: false,
    sequence: { sequencer: LongestFirst },
    // Of which vitest runs one after the other, and verify.mjs both at once.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ALL,
          exclude: [...configDefaults.exclude, ...WAITING],
          // Vitest leaves a core to itself; where there are two, one would have nothing to do.
          maxWorkers: '100%',
        },
      },
      {
        extends: true,
        test: {
          name: 'waiting',
          include: WAITING,
          maxWorkers: WAITING_PER_CORE * availableParallelism(),
          testTimeout: WAITING_MS,
          hookTimeout: WAITING_MS,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

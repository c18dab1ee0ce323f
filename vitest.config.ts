import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run from source, as the examples do: no build is needed before them.
  ssr: { resolve: { conditions: ['@pstar/source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['{packages,examples}/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['tools/build-agent.mjs'],
    pool: 'forks',
    // Vitest leaves a core to itself; where there are two, one would have nothing to do.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    allowOnly: false,
  },
});

/** A project of somebody's that runs its tests in contexts of node:vm, as Jest runs all. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ['@pstar/source', 'module', 'node', 'development|production'] } },
  test: { include: ['own-globals.ts'], pool: 'vmForks', testTimeout: 30_000 },
});

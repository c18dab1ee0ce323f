/**
 * A unit must not cost more than it did. Held against limits is what can be counted, for it is the same
 * on a busy machine: time is not.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type Counts, GUARD_FLAGS } from '../../bench/guard.ts';
import { root } from '../tidy/repository.ts';

const run = promisify(execFile);
const WORDS = [...GUARD_FLAGS, '--conditions=@pstar/source', '--import', 'tsx', 'bench/guard.ts'];

/**
 * What was counted when somebody last looked, and a tenth more where the compiler has a say, which differs
 * with its version. Who needs more raises them, and says in the commit what it buys.
 */
const LIMITS: Counts = {
  'manager, alike: bytes made': 425,
  'manager, graph of two edges a unit: bytes made': 2_100,
  'manager, each with a request of its own: bytes made': 96_000,
  'manager, alike: bytes journalled': 0.2,
  'manager, graph of two edges a unit: bytes journalled': 46,
  'agent: bytes made': 430,
  'to an agent: bytes': 0.1,
  'from an agent: bytes': 0.3,
  'from an agent: messages of a thousand units': 1.2,
  'moves shown: bytes made': 3,
};

it('makes, sends and writes no more for a unit than it did', { timeout: 60_000 }, async () => {
  const { stdout } = await run(process.execPath, WORDS, { cwd: root });
  const counts = JSON.parse(stdout) as Counts;
  expect(Object.keys(counts)).toEqual(Object.keys(LIMITS));
  const room = process.versions.node.startsWith('20.') ? 1 : 1.5;
  const above = Object.entries(counts).filter(([what, is]) => is > room * Number(LIMITS[what]));
  expect(Object.fromEntries(above)).toEqual({});
});

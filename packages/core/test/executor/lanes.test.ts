import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Lanes } from '../../src/executor/lanes.ts';

it('makes lanes anew when a unit has removed them all', () => {
  const root = mkdtempSync(join(tmpdir(), 'lanes-test-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const lanes = new Lanes(root, () => false);
  const first = lanes.take();
  rmSync(lanes.directory, { recursive: true });
  lanes.release(first, false);
  const second = lanes.take();
  expect(second).not.toBe(first);
  expect(second.progress.intact).toBe(true);
  lanes.release(second, false);
  lanes.close();
});

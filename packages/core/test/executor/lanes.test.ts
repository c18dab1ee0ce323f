import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Lanes } from '../../src/executor/lanes.ts';

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'lanes-test-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

it('makes lanes anew when a unit has removed them all', () => {
  const lanes = new Lanes(newRoot(), () => false);
  const first = lanes.take();
  rmSync(lanes.directory, { recursive: true });
  lanes.release(first, false);
  const second = lanes.take();
  expect(second).not.toBe(first);
  expect(second.progress.intact).toBe(true);
  lanes.release(second, false);
  lanes.close();
});

it('has nothing in common with others of the same root', () => {
  const root = newRoot();
  const [lanes, others] = [new Lanes(root, () => false), new Lanes(root, () => false)];
  const [lane, other] = [lanes.take(), others.take()];
  lanes.release(lane, false);
  lanes.close();
  expect(other.progress.intact).toBe(true);
  others.release(other, false);
  others.close();
  expect(readdirSync(root)).toEqual([]);
});

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

it('drops those that wait to be used again once their files are gone', () => {
  const lanes = new Lanes(newRoot(), () => false);
  const [first, second] = [lanes.take(), lanes.take()];
  lanes.release(first, false);
  lanes.release(second, false);
  rmSync(first.progress.path);
  lanes.dropRemoved();
  expect(lanes.take()).toBe(second);
  expect(lanes.take().progress.intact).toBe(true);
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

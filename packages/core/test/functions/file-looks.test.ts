import { rm, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileLooks, PACKAGES_COUNT_MS } from '../../src/functions/file-looks.ts';
import { ModuleWorld } from '../support/module-world.ts';

const OWN = 'main.ts';
const OF_PACKAGE = 'node_modules/fast/index.js';

let world: ModuleWorld;
let now = 0;
beforeEach(async () => {
  world = await ModuleWorld.make();
  await world.write({ [OWN]: 'own', [OF_PACKAGE]: 'package' });
});
afterEach(() => world[Symbol.asyncDispose]());

const look = () => FileLooks.at([world.path(OWN), world.path(OF_PACKAGE)], () => now);

describe('looks of files', () => {
  it('see at once that a file of the author is written, gone or back', async () => {
    const looks = await look();
    expect(looks.changedAt).toBeGreaterThan(0);
    expect(await looks.areSame()).toBe(true);
    await world.write({ [OWN]: 'other' });
    expect(await looks.areSame()).toBe(false);
    const later = await look();
    await rm(world.path(OWN));
    expect(await later.areSame()).toBe(false);
    // A name that leads nowhere is as good as none.
    await symlink(world.path(OWN), world.path(OWN));
    expect(await later.areSame()).toBe(false);
  });

  it('see as they are when asked, not as they are later', async () => {
    const looks = await look();
    const before = looks.areSame();
    const written = world.write({ [OWN]: 'other' });
    const [same] = await Promise.all([before, written]);
    expect(same).toBe(true);
    expect(await looks.areSame()).toBe(false);
  });

  it('look at files of packages once in a while, and at no other time', async () => {
    const looks = await look();
    await world.write({ [OF_PACKAGE]: 'another' });
    now += PACKAGES_COUNT_MS - 1;
    expect(await looks.areSame()).toBe(true);
    now += 1;
    expect(await Promise.all([looks.areSame(), looks.areSame()])).toEqual([false, false]);
    now += PACKAGES_COUNT_MS - 1;
    expect(await looks.areSame()).toBe(false);
  });
});

/** Runs a unit in a directory that may not be entered, and prints its outcome. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { giveUpRoot } from '../../support/without-root.ts';
import { type LAUNCHERS, World } from '../harness.ts';

await using world = new World(process.argv[2] as (typeof LAUNCHERS)[number]);
giveUpRoot(world.root);
const closed = join(world.root, 'closed');
mkdirSync(closed, { mode: 0o600 });
const outcome = await world.outcomeOf('true', { workingDirectory: 'closed' });
chmodSync(closed, 0o700);
const { launcher } = world.executor;
process.stdout.write(JSON.stringify({ launcher, ...outcome }));

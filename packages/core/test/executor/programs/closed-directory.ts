/** Runs units in, from and to a directory that may not be entered, and prints their outcomes. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURE_REASONS } from '../../../src/model/exit.ts';
import { giveUpRoot } from '../../support/without-root.ts';
import { type LAUNCHERS, World } from '../harness.ts';

await using world = new World(process.argv[2] as (typeof LAUNCHERS)[number]);
giveUpRoot(world.root);
const closed = join(world.root, 'closed');
mkdirSync(closed, { mode: 0o600 });
const tries = [
  { workingDirectory: 'closed' },
  { workingDirectory: 'closed/below' },
  { input: join(closed, 'in') },
  { output: join(closed, 'out') },
  { executable: join(closed, 'program') },
];
const said: (string | undefined)[] = [];
for (const unit of tries) {
  const { reason, problem } = await world.outcomeOf('true', { workingDirectory: '.', ...unit });
  said.push(`${FAILURE_REASONS[reason]}: ${problem?.replaceAll(closed, 'closed')}`);
}
chmodSync(closed, 0o700);
const { launcher } = world.executor;
process.stdout.write(JSON.stringify({ launcher, said }));

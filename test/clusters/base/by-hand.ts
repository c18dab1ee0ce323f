/** Clusters for people: `up` starts one that stays, `down` ends all of those. */
import { parseArgs } from 'node:util';

/**
 * Does what this program's arguments ask for.
 *
 * @param name that of the script in package.json
 * @param numbers what `up` may be told, and what it is else
 * @param flags what `up` may be told without a value
 * @param up starts one; what it gives is shell, to be evaluated by who asked
 * @param down ends all, and gives the directories that they had
 */
export async function byHand<Numbers extends string, Flags extends string = never>(program: {
  readonly name: string;
  readonly numbers: Readonly<Record<Numbers, number>>;
  readonly flags?: readonly Flags[];
  up(wanted: Record<Numbers, number> & Record<Flags, boolean>): Promise<string>;
  down(): Promise<string[]>;
}): Promise<void> {
  const numbers = Object.entries(program.numbers) as [Numbers, number][];
  const flags = program.flags ?? [];
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries([
      ...numbers.map(([name, value]) => [name, { type: 'string', default: `${value}` }] as const),
      ...flags.map((name) => [name, { type: 'boolean', default: false }] as const),
    ]),
  });
  const given: Readonly<Record<string, unknown>> = values;
  if (positionals[0] === 'up') {
    const wanted = [
      ...numbers.map(([name]) => [name, Number(given[name])] as const),
      ...flags.map((name) => [name, given[name] === true] as const),
    ];
    process.stdout.write(await program.up(Object.fromEntries(wanted)));
  } else if (positionals[0] === 'down') {
    const ended = await program.down();
    process.stdout.write(ended.map((directory) => `ended ${directory}\n`).join(''));
  } else {
    const options = [
      ...numbers.map(([name, value]) => `[--${name} ${value}]`),
      ...flags.map((name) => `[--${name}]`),
    ];
    const usage = [`up ${options.join(' ')}`, 'down'].map(
      (word) => `npm run ${program.name} -- ${word}`,
    );
    process.stderr.write(`usage: ${usage.join('\n       ')}\n`);
    process.exitCode = 2;
  }
}

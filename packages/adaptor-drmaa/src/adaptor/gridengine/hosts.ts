/** The execution hosts of Grid Engine, by all of their names. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostNames } from '../far-hosts.ts';
import type { GridEngineCommands } from './commands.ts';

/** Asks for them; other names that a cell has for a host are in its `host_aliases`. */
export async function executionHosts(
  commands: Pick<GridEngineCommands, 'hosts'>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly HostNames[]> {
  const { SGE_ROOT: root = '', SGE_CELL: cell = 'default' } = environment;
  const file = join(root, cell, 'common', 'host_aliases');
  const [names, text] = await Promise.all([
    commands.hosts(),
    readFile(file, 'utf8').catch(() => ''),
  ]);
  const aliases = parseAliases(text);
  return names.map((name) => aliases.find(([first]) => first === name) ?? [name]);
}

/** Lines of names; the first is the one that Grid Engine shows. */
function parseAliases(text: string): readonly HostNames[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim().split(/\s+/));
}

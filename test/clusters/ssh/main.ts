/** Hosts for people: `main.ts up` starts some that stay, `main.ts down` ends all of those. */
import { parseArgs } from 'node:util';
import { endByHand } from './directories.ts';
import { startSshHosts } from './hosts.ts';

const USAGE = `usage: npm run ssh -- up [--hosts 3]
       npm run ssh -- down
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { hosts: { type: 'string', default: '3' } },
});

async function up(): Promise<string> {
  const options = { hosts: Array.from({ length: Number(values.hosts) }, () => ({})) };
  const started = await startSshHosts(options, true);
  const names = started.hosts.map(({ name }) => name);
  const { config, knownHosts, identity, isIsolated } = started;
  return [
    `export PSTAR_SSH='ssh://${names.join(',')}/?config=${encodeURIComponent(config)}'`,
    `export SSH_CONFIG=${config} SSH_KNOWN_HOSTS=${knownHosts} SSH_IDENTITY=${identity}`,
    `# ssh -F ${config} ${names[0]}`,
    ...(isIsolated ? [] : ['# without root they have homes of their own, and share all else']),
    '',
  ].join('\n');
}

async function down(): Promise<string> {
  const ended = await endByHand();
  return ended.map((directory) => `ended ${directory}\n`).join('');
}

const command = { up, down }[positionals[0] ?? ''];
if (command === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else process.stdout.write(await command());

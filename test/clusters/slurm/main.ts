/** Clusters for people: `main.ts up` starts one that stays, `main.ts down` ends all of those. */
import { parseArgs } from 'node:util';
import { startSlurm } from './cluster.ts';
import { endByHand } from './directories.ts';

const USAGE = `usage: npm run slurm -- up [--nodes 3] [--cpus 8] [--gpus 0] [--rest]
       npm run slurm -- down
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '3' },
    cpus: { type: 'string', default: '8' },
    gpus: { type: 'string', default: '0' },
    rest: { type: 'boolean', default: false },
  },
});

async function up(): Promise<string> {
  const { nodes, cpus, gpus, rest } = values;
  const numbers = { nodes: Number(nodes), cpus: Number(cpus), gpus: Number(gpus) };
  const cluster = await startSlurm({ ...numbers, rest, accounting: 'completion-log' }, true);
  const sockets = `export SLURMRESTD=${cluster.restSocket} SLURMRESTD_PORT=${cluster.restPort}\n`;
  return `export SLURM_CONF=${cluster.conf}\n${rest ? sockets : ''}`;
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

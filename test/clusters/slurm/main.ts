/** Clusters for people: see README.md. */
import { byHand } from '../base/by-hand.ts';
import { startSlurm } from './cluster.ts';
import { directories } from './directories.ts';

await byHand({
  name: 'slurm',
  numbers: { nodes: 3, cpus: 8, gpus: 0 },
  flags: ['rest'],
  async up(options) {
    const cluster = await startSlurm({ ...options, accounting: 'completion-log' }, true);
    const sockets = `export SLURMRESTD=${cluster.restSocket} SLURMRESTD_PORT=${cluster.restPort}\n`;
    return `export SLURM_CONF=${cluster.conf}\n${options.rest ? sockets : ''}`;
  },
  down: () => directories.endByHand(),
});

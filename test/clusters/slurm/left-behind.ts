/** Starts a cluster, says where it is, and stays until it is killed. */
import { startSlurm } from './cluster.ts';

const cluster = await startSlurm({ nodes: 1 });
process.stdout.write(`${cluster.directory}\n`);
setInterval(() => {}, 60_000);

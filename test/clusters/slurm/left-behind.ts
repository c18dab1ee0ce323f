/** Starts a cluster, says where it is, and stays until it is killed. */
import { stay } from '../base/programs.ts';
import { startSlurm } from './cluster.ts';

stay(await startSlurm({ nodes: 1 }));

/** Starts a cluster, says where it is, and stays until it is killed. */
import { stay } from '../base/programs.ts';
import { startGridEngine } from './cluster.ts';

stay(await startGridEngine());

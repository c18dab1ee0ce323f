/** `slurm://` keeps what adaptors promise, by the commands of a real Slurm. */
import { describeSlurmConformance } from './on-slurm.ts';

describeSlurmConformance(
  'slurm://',
  ({ conf }) => `slurm:///?conf=${encodeURIComponent(conf)}&poll=1`,
);

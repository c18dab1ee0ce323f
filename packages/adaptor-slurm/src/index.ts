/** The adaptor for Slurm: `slurm://`. */
export { slurmAdaptor } from './adaptor.ts';

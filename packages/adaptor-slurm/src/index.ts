/** The adaptor for Slurm: `slurm://`. */
export type {
  JobExit,
  JobRow,
  PastJob,
  PastJobs,
  SbatchOption,
  SlurmInfo,
  SlurmJob,
  SlurmLimits,
  SlurmNode,
  SlurmPartition,
  SlurmTransport,
} from './transport.ts';

/**
 * How the attributes of a description are called elsewhere, as data: for adaptors, for the
 * documentation's table, and for the test that no attribute of SAGA's was forgotten.
 */

/** One attribute and its names. */
export interface SagaAttribute {
  /** By SAGA (GFD.90); absent for the job's name, which SAGA leaves out. */
  readonly saga?: string;
  readonly ours: string;
  /** Names in a DRMAA 1 job template; none: it has no word for it. */
  readonly drmaa1: readonly string[];
  /** Names in a DRMAA 2 job template; none: it has no word for it. */
  readonly drmaa2: readonly string[];
}

const NATIVE = ['native_specification'];

/** Every attribute of SAGA's job description. */
export const SAGA_ATTRIBUTES: readonly SagaAttribute[] = [
  row('Executable', 'executable', ['remote_command'], ['remoteCommand']),
  row('Arguments', 'arguments', ['v_argv'], ['args']),
  row('Environment', 'environment', ['v_env'], ['jobEnvironment']),
  row('WorkingDirectory', 'workingDirectory', ['wd'], ['workingDirectory']),
  row('Input', 'input', ['input_path'], ['inputPath']),
  row('Output', 'output', ['output_path'], ['outputPath']),
  row('Error', 'error', ['error_path'], ['errorPath']),
  row('FileTransfer', 'fileTransfer', ['transfer_files'], ['stageInFiles', 'stageOutFiles']),
  row('Cleanup', 'cleanup'),
  row('Interactive', 'interactive'),
  row('JobContact', 'contact', ['v_email'], ['email']),
  row('JobStartTime', 'startTime', ['start_time'], ['startTime']),
  row('WallTimeLimit', 'wallTimeLimit', ['wct_hlimit'], ['resourceLimits[WALLCLOCK_TIME]']),
  row('TotalCPUTime', 'totalCpuTime', ['duration_hlimit'], ['resourceLimits[CPU_TIME]']),
  row('TotalCPUCount', 'totalCpuCount', NATIVE, ['minSlots', 'maxSlots']),
  row('NumberOfProcesses', 'numberOfProcesses'),
  row('ProcessesPerHost', 'processesPerHost'),
  row('ThreadsPerProcess', 'threadsPerProcess'),
  row('SPMDVariation', 'spmdVariation'),
  row('TotalPhysicalMemory', 'totalPhysicalMemory', NATIVE, ['minPhysMemory']),
  row('CPUArchitecture', 'cpuArchitecture', [], ['machineArch']),
  row('OperatingSystemType', 'operatingSystemType', [], ['machineOS']),
  row('CandidateHosts', 'candidateHosts', NATIVE, ['candidateMachines']),
  row('Queue', 'queue', NATIVE, ['queueName']),
  row('Project', 'project', NATIVE, ['accountingId']),
  { ours: 'name', drmaa1: ['job_name'], drmaa2: ['jobName'] },
];

function row(
  saga: string,
  ours: string,
  drmaa1: readonly string[] = [],
  drmaa2: readonly string[] = [],
): SagaAttribute {
  return { saga, ours, drmaa1, drmaa2 };
}

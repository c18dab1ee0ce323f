/** A description for each attribute that an adaptor may list, where one fits most resource managers. */
import { hostname } from 'node:os';
import type { PilotAttribute, PilotJobDescription } from '@pstar/core/adaptor';

const AN_HOUR_MS = 3_600_000;

/** As little of each as there can be; what differs from site to site has none. */
export function attributeExamples(
  now: number,
): Readonly<Partial<Record<PilotAttribute, PilotJobDescription>>> {
  return {
    totalCpuCount: { totalCpuCount: 1 },
    numberOfProcesses: { numberOfProcesses: 1 },
    processesPerHost: { numberOfProcesses: 1, processesPerHost: 1 },
    threadsPerProcess: { threadsPerProcess: 1 },
    totalPhysicalMemory: { totalPhysicalMemory: '16MiB' },
    wallTimeLimit: { wallTimeLimit: '10m' },
    totalCpuTime: { totalCpuTime: '10m' },
    startTime: { startTime: new Date(now + AN_HOUR_MS) },
    contact: { contact: 'nobody@example.org' },
    candidateHosts: { candidateHosts: [hostname()] },
    error: { error: 'error.log' },
    initCommands: { initCommands: [':'] },
  };
}

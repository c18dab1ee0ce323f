import { describe, expect, it } from 'vitest';
import { PilotJobDescription } from '../../src/model/pilot-job-description.ts';
import { SAGA_ATTRIBUTES } from '../../src/model/saga-attributes.ts';
import { WorkUnitDescription } from '../../src/model/work-unit-description.ts';

// TROY's two classes carry these; each must do what SAGA says or be refused by name.
const TROY =
  'executable arguments cleanup environment interactive contact project startTime workingDirectory ' +
  'input error output fileTransfer numberOfProcesses processesPerHost threadsPerProcess ' +
  'totalCpuCount spmdVariation candidateHosts cpuArchitecture totalPhysicalMemory ' +
  'operatingSystemType totalCpuTime wallTimeLimit queue';
const OF_UNITS =
  'name group dependsOn priority retries gpus resources pilotJob estimatedRunTime ' +
  'maxCancellationTime restartOnPilotLoss module export args isolation recycleAfter memoryLimit ' +
  'initTimeLimit';
const OF_PILOTS = 'name nativeOptions initCommands idleTimeout agent minPilots maxPilots';

describe('the attributes', () => {
  it('of SAGA are all there, once', () => {
    const ours = SAGA_ATTRIBUTES.filter(({ saga }) => saga).map((row) => row.ours);
    expect(ours.sort()).toEqual(TROY.split(' ').sort());
    expect(new Set(SAGA_ATTRIBUTES.map(({ saga }) => saga)).size).toBe(SAGA_ATTRIBUTES.length);
  });

  it.each([
    ['work unit', WorkUnitDescription, OF_UNITS],
    ['pilot job', PilotJobDescription, OF_PILOTS],
  ])('of a %s are the ones of TROY and its own', (_name, { shape }, own) => {
    expect(Object.keys(shape).sort()).toEqual(`${TROY} ${own}`.split(' ').sort());
  });
});

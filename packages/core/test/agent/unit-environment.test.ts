import { describe, expect, it } from 'vitest';
import { unitVariables } from '../../src/agent/unit-environment.ts';
import type { UnitCommand } from '../../src/protocol/messages.ts';

describe('unitVariables', () => {
  const place = { unitId: 'work.3', attempt: 2, pilotId: 'p', cores: [0, 3], gpus: [] };
  const of = (command: Partial<UnitCommand>, more = {}): Record<string, string> =>
    unitVariables({ ...place, ...more }, { executable: '/x', ...command });

  it('says who the unit is and what it holds', () => {
    expect(of({})).toEqual({
      PSTAR_UNIT_ID: 'work.3',
      PSTAR_ATTEMPT: '2',
      PSTAR_PILOT_ID: 'p',
      PSTAR_CORES: '0,3',
      PSTAR_GPUS: '',
      OMP_NUM_THREADS: '2',
    });
  });

  it.each([
    [{ threadsPerProcess: 1 }, '1'],
    [{ numberOfProcesses: 2 }, '1'],
    [{ numberOfProcesses: 3 }, '1'],
    [{ numberOfProcesses: 1 }, '2'],
  ])('counts threads: %j', (command, threads) => {
    expect(of(command)['OMP_NUM_THREADS']).toBe(threads);
  });

  it('names the gpus as CUDA takes them', () => {
    const gpus = ['GPU-1234', 'GPU-5678'];
    expect(of({}, { gpus })).toMatchObject({
      PSTAR_GPUS: 'GPU-1234,GPU-5678',
      CUDA_VISIBLE_DEVICES: 'GPU-1234,GPU-5678',
    });
  });

  it("leaves other programs' variables to a unit that sets them itself", () => {
    const environment = { OMP_NUM_THREADS: '7', CUDA_VISIBLE_DEVICES: '' };
    const variables = of({ environment }, { gpus: ['0'] });
    expect(variables).not.toHaveProperty('OMP_NUM_THREADS');
    expect(variables).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
  });
});

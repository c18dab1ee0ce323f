import { describe, expect, it } from 'vitest';
import { geometryOptions, mayHaveSeveralNodes } from '../src/geometry.ts';
import { parsed } from './support/launches.ts';

const words = (description: Parameters<typeof parsed>[0]) =>
  geometryOptions(parsed(description))
    .map(([name, value]) => `--${name}=${value}`)
    .join(' ');

describe('nodes and cores', () => {
  it.each([
    [{}, ''],
    [{ totalCpuCount: 24 }, '--ntasks=24'],
    [{ numberOfProcesses: 3 }, '--nodes=3 --ntasks-per-node=1'],
    [
      { totalCpuCount: 24, numberOfProcesses: 3 },
      '--nodes=3 --ntasks-per-node=1 --cpus-per-task=8',
    ],
    [
      { totalCpuCount: 24, threadsPerProcess: 4 },
      '--nodes=6 --ntasks-per-node=1 --cpus-per-task=4',
    ],
    [{ threadsPerProcess: 4 }, '--nodes=1 --ntasks-per-node=1 --cpus-per-task=4'],
    [
      { totalCpuCount: 8, numberOfProcesses: 2, threadsPerProcess: 4, processesPerHost: 1 },
      '--nodes=2 --ntasks-per-node=1 --cpus-per-task=4',
    ],
  ])('%j is %s', (description, options) => {
    expect(words(description)).toBe(options);
  });

  it.each([
    [{ totalCpuCount: 7, numberOfProcesses: 2 }, '7 cores cannot be shared out evenly by 2'],
    [{ totalCpuCount: 7, threadsPerProcess: 2 }, '7 cores cannot be shared out evenly by 2'],
    [
      { totalCpuCount: 9, numberOfProcesses: 2, threadsPerProcess: 4 },
      '2 agents of 4 cores are not 9 cores (totalCpuCount)',
    ],
    [{ processesPerHost: 2 }, 'one agent serves all that a pilot has of a node (processesPerHost)'],
  ])('%j is refused', (description, problem) => {
    expect(() => words(description)).toThrow(problem);
  });

  it.each([
    [{}, false],
    [{ totalCpuCount: 1 }, false],
    [{ totalCpuCount: 2 }, true],
    [{ threadsPerProcess: 4 }, false],
    [{ numberOfProcesses: 2 }, true],
  ])('%j may have several nodes: %s', (description, several) => {
    expect(mayHaveSeveralNodes(geometryOptions(parsed(description)))).toBe(several);
  });
});

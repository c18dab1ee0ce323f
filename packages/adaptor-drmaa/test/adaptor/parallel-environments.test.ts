import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/adaptor/geometry.ts';
import { type ParallelEnvironment, shapeOf } from '../../src/adaptor/parallel-environments.ts';
import { parsed } from './support/launches.ts';

const environment = (name: string, allocationRule: string, controlSlaves = true) => ({
  name,
  allocationRule,
  controlSlaves,
});
const LOOSE = environment('loose', '$round_robin', false);
const FOUR = environment('four', '4');
const MPI = environment('mpi', '$fill_up');
const SMP = environment('smp', '$pe_slots', false);
const ALL: ParallelEnvironment[] = [LOOSE, FOUR, MPI, SMP];

const shape = (description: Parameters<typeof parsed>[0], environments = ALL, wanted?: string) =>
  shapeOf(sizeOf(parsed(description)), environments, wanted);

describe('the parallel environment of a pilot', () => {
  it('is none for one core', () => {
    expect(shape({})).toEqual({ words: [], several: false });
    expect(shape({ totalCpuCount: 1 })).toEqual({ words: [], several: false });
  });

  it('is one of a single host where only cores are counted', () => {
    expect(shape({ totalCpuCount: 4 })).toEqual({ words: ['-pe', 'smp', '4'], several: false });
    expect(shape({ totalCpuCount: 4 }, [LOOSE, MPI, FOUR])).toEqual({
      words: ['-pe', 'four', '4'],
      several: false,
    });
    expect(shape({ totalCpuCount: 6 }, [LOOSE, MPI, FOUR])).toEqual({
      words: ['-pe', 'mpi', '6'],
      several: true,
    });
  });

  it('gives each node its share where nodes are counted', () => {
    expect(shape({ numberOfProcesses: 3, threadsPerProcess: 4 })).toEqual({
      words: ['-pe', 'four', '12'],
      several: true,
    });
    expect(shape({ numberOfProcesses: 1, totalCpuCount: 8 })).toEqual({
      words: ['-pe', 'smp', '8'],
      several: false,
    });
  });

  it('is the one that is named', () => {
    expect(shape({ totalCpuCount: 8 }, ALL, 'mpi').words).toEqual(['-pe', 'mpi', '8']);
    expect(() => shape({}, ALL, 'nope')).toThrow(
      /no parallel environment nope .*name one of loose/,
    );
  });

  it.each<[Parameters<typeof parsed>[0], ParallelEnvironment[], RegExp]>([
    [
      { totalCpuCount: 4 },
      [],
      /gives 4 slots: there are none \(qconf -spl\).*allocation_rule \$pe_slots/,
    ],
    // Agents could not be started on the others.
    [{ totalCpuCount: 4 }, [LOOSE], /no parallel environment gives 4 slots/],
    [
      { numberOfProcesses: 3, threadsPerProcess: 5 },
      ALL,
      /3 hosts with 5 slots each.*allocation_rule 5 and control_slaves TRUE/,
    ],
    [{ numberOfProcesses: 2 }, [SMP, MPI], /2 hosts with 1 slots each/],
  ])('is refused for %j', (description, environments, words) => {
    expect(() => shape(description, environments)).toThrow(words);
  });
});

describe('the size of a pilot', () => {
  it.each<[Parameters<typeof parsed>[0], RegExp]>([
    [
      { processesPerHost: 2, numberOfProcesses: 2 },
      /one agent serves all.*processesPerHost.*write 1/,
    ],
    [{ totalCpuCount: 7, numberOfProcesses: 2 }, /7 cores cannot be shared out evenly by 2/],
    [{ totalCpuCount: 7, numberOfProcesses: 2, threadsPerProcess: 3 }, /2 agents of 3 cores/],
  ])('%j is refused', (description, words) => {
    expect(() => sizeOf(parsed(description))).toThrow(words);
  });
});

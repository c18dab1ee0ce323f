import { describe, expect, it } from 'vitest';
import { candidateOptions } from '../src/candidates.ts';
import { parseNodes } from '../src/outputs.ts';
import { recorded } from './support/fixtures.ts';
import { parsed } from './support/launches.ts';

const [n1, n2, n3] = parseNodes(recorded('scontrol-nodes.txt')) as never as [Node_, Node_, Node_];
type Node_ = ReturnType<typeof parseNodes>[number];
const arm = { ...n3, architecture: 'aarch64' };
const never = { ...n3, name: 'n4', architecture: '', system: '' };
const nodes = [n1, n2, arm, never];

describe('candidates', () => {
  it.each([
    [{}, ''],
    [{ candidateHosts: ['n1', 'n2'] }, 'exclude=n3,n4'],
    [{ candidateHosts: ['n1', 'n2', 'n3', 'n4'] }, ''],
    [{ candidateHosts: ['n1.example.org', 'n2'], numberOfProcesses: 2 }, 'nodelist=n1,n2'],
    [{ cpuArchitecture: 'x86_64' }, 'exclude=n3,n4'],
    [{ cpuArchitecture: ['arm64', 'x86_64'] }, 'exclude=n4'],
    [{ operatingSystemType: 'LINUX' }, 'exclude=n4'],
    [{ candidateHosts: ['n1', 'n3'], cpuArchitecture: 'arm64' }, 'exclude=n1,n2,n4'],
  ])('%j is %s', (description, options) => {
    const read = candidateOptions(parsed(description), nodes);
    expect(read.map(([name, value]) => `${name}=${value}`).join(' ')).toBe(options);
  });

  it.each([
    [{ candidateHosts: ['n9'] }, 'n9 is no node of the cluster (candidateHosts); there are n1, n2'],
    [
      { cpuArchitecture: 'sparc' },
      'of that kind (cpuArchitecture); there are x86_64 linux, aarch64',
    ],
    [{ operatingSystemType: 'MACOS' }, 'of that kind (operatingSystemType)'],
  ])('%j leaves none', (description, problem) => {
    expect(() => candidateOptions(parsed(description), nodes)).toThrow(problem);
  });
});

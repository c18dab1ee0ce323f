import { describe, expect, it } from 'vitest';
import { candidateOptions, isLoopback, refuseUnreachable } from '../src/candidates.ts';
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

describe('a manager on loopback', () => {
  const manager = { host: '127.0.0.1', port: 1 };
  const far = { ...n2, address: 'n2.cluster' };

  it('is reached from this machine alone', () => {
    expect(() => refuseUnreachable(manager, [n1, n2], [])).not.toThrow();
    expect(() => refuseUnreachable(manager, [n1, far], ['n2.cluster'])).not.toThrow();
    expect(() => refuseUnreachable(manager, [n1, far], ['me'])).toThrow(
      'this service listens at 127.0.0.1, which agents on other machines do not reach ' +
        '(n2 at n2.cluster); write PilotJobService.open({ listen: { host:',
    );
  });

  it('is not what others are', () => {
    expect(() => refuseUnreachable({ host: '10.0.0.1', port: 1 }, [far], [])).not.toThrow();
    expect(['localhost', '127.0.1.1', '::1', '[::1]'].every(isLoopback)).toBe(true);
    expect(['10.0.0.1', '0.0.0.0', 'n1', '127.example.org'].some(isLoopback)).toBe(false);
  });
});

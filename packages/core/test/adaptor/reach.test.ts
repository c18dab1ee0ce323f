import { describe, expect, it } from 'vitest';
import { isLoopback, refuseUnreachable } from '../../src/adaptor/reach.ts';

describe('a manager on loopback', () => {
  const manager = { host: '127.0.0.1', port: 1 };
  const here = { name: 'n1', address: '127.0.0.1' };
  const far = { name: 'n2', address: 'n2.cluster' };

  it('is reached from this machine alone', () => {
    expect(() => refuseUnreachable(manager, [here], [])).not.toThrow();
    expect(() => refuseUnreachable(manager, [here, far], ['n2.cluster'])).not.toThrow();
    expect(() => refuseUnreachable(manager, [here, far], ['me'])).toThrow(
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

import { describe, expect, it } from 'vitest';
import { inheritedEnvironment, toldNode } from '../../src/agent/node-environment.ts';
import { withoutNodeOptions } from '../../src/protocol/node-options.ts';

describe('toldNode', () => {
  it('reads what is there', () => {
    const told = { PSTAR_NODE_NAME: 'n1', PSTAR_NODE_CORES: '8', PSTAR_NODE_MEMORY: '1' };
    expect(toldNode(told)).toEqual({ name: 'n1', cores: 8, memory: 1 });
    expect(toldNode({ PSTAR_NODE_GPUS: '0' })).toEqual({ gpus: 0 });
  });

  it('takes what is empty for unset: not every site knows every number', () => {
    expect(toldNode({ PSTAR_NODE_NAME: '', PSTAR_NODE_MEMORY: '' })).toEqual({});
  });

  it.each([
    ['PSTAR_NODE_CORES', '0'],
    ['PSTAR_NODE_CORES', '4(x3)'],
    ['PSTAR_NODE_MEMORY', '4G'],
    ['PSTAR_NODE_GPUS', '-1'],
    ['PSTAR_NODE_GPUS', 'gpu:2'],
    ['PSTAR_NODE_MEMORY', '99999999999999999999'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => toldNode({ [name]: value })).toThrow(`${name}='${value}' is no whole number`);
  });
});

describe('inheritedEnvironment', () => {
  it('keeps all but what speaks of the node', () => {
    const environment = { A: '1', B: undefined, PSTAR_NODE_NAME: 'n1', PSTAR_NODE_GPUS: '2' };
    expect(inheritedEnvironment({ ...environment, PSTAR_NODE: 'x' })).toEqual({
      A: '1',
      PSTAR_NODE: 'x',
    });
  });

  it('has the NODE_OPTIONS that the agent was started without', () => {
    const NODE_OPTIONS = '--import ./tracing.mjs';
    for (const environment of [
      { A: '1', NODE_OPTIONS },
      { A: '1' },
      { A: '1', NODE_OPTIONS: '' },
    ]) {
      const { NODE_OPTIONS: ofAgent, ...others } = withoutNodeOptions(environment);
      expect(ofAgent).toBeUndefined();
      const { NODE_OPTIONS: ofUnits = '', ...rest } = inheritedEnvironment(others);
      expect([ofUnits, rest]).toEqual([environment.NODE_OPTIONS ?? '', { A: '1' }]);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { inheritedEnvironment, toldNode } from '../../src/agent/node-environment.ts';

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
});

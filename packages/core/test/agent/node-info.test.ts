import { availableParallelism, hostname } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findNode, nodeInfo, parseIdList, visibleGpus } from '../../src/agent/node-info.ts';

describe('findNode', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('finds what there is', () => {
    const node = findNode({});
    expect(node.capacity.cores).toHaveLength(availableParallelism());
    expect(node.capacity.memory).toBeGreaterThan(0);
    expect(nodeInfo(node, { launcher: 'null' })).toMatchObject({
      host: hostname(),
      cores: availableParallelism(),
      nodeVersion: process.versions.node,
      launcher: 'null',
    });
  });

  it('speaks of architecture and system in the words of SAGA', () => {
    const { cpuArchitecture, operatingSystemType } = nodeInfo(findNode({}), { launcher: 'null' });
    expect(cpuArchitecture).toBe(process.arch === 'x64' ? 'x86_64' : process.arch);
    expect(operatingSystemType).toBe(process.platform.toUpperCase());
  });

  it('lets the settings win', () => {
    const { capacity } = findNode({ cores: 1000, memory: 5, gpus: 2, resources: { licence: 1 } });
    expect(capacity.cores).toHaveLength(1000);
    expect(new Set(capacity.cores).size).toBe(1000);
    expect(capacity).toMatchObject({ memory: 5, gpus: [0, 1], resources: { licence: 1 } });
  });

  it('believes what it is told, below the settings and above what it finds', () => {
    const told = { name: 'n7', cores: 1000, memory: 5, gpus: 2 };
    const node = findNode({ memory: 6 }, told);
    expect(nodeInfo(node, { launcher: 'null' })).toMatchObject({
      host: 'n7',
      cores: 1000,
      memory: 6,
      gpus: 2,
    });
  });

  it('offers the gpus that it may use, by their names', () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '3,GPU-ab');
    expect(findNode({}).gpuNames).toEqual(['3', 'GPU-ab']);
    expect(findNode({ gpus: 1 }).gpuNames).toEqual(['3']);
  });
});

describe('parseIdList', () => {
  it.each([
    ['0', [0]],
    ['0-2,7', [0, 1, 2, 7]],
    ['', [0]],
    ['x', []],
  ])('reads %j', (list, ids) => {
    expect(parseIdList(list)).toEqual(ids);
  });
});

describe('visibleGpus', () => {
  it.each([
    [undefined, undefined],
    ['', []],
    ['0,2', ['0', '2']],
    ['1,-1,2', ['1']],
    ['NoDevFiles', []],
    ['MIG-GPU-1/2/3', ['MIG-GPU-1/2/3']],
  ])('reads %j as CUDA does', (variable, names) => {
    expect(visibleGpus(variable)).toEqual(names);
  });
});

/** What there is on this node to run units with, as far as this process may use it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, hostname, platform, totalmem } from 'node:os';
import type { NodeInfo } from '../model/resources.ts';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import { PSTAR_VERSION } from '../protocol/version.ts';
import type { ToldNode } from './node-environment.ts';
import type { SlotCapacity } from './slots.ts';

/** What was found, and what the settings or the environment put in its place. */
export interface Node {
  readonly name: string;
  readonly capacity: SlotCapacity;
  /** As CUDA takes them, by the ids in `capacity.gpus`: numbers, or what the site calls them. */
  readonly gpuNames: readonly string[];
}

type Offer = Pick<AgentSettings, 'cores' | 'memory' | 'gpus' | 'resources'>;

/** SAGA's words are JSDL's; what JSDL has no word for keeps the name that it has in Node.js. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  ia32: 'x86_32',
  arm64: 'arm64',
  ppc64: 'powerpc',
  mips: 'mips',
  mipsel: 'mips',
};
const SYSTEMS: Readonly<Record<string, string>> = {
  linux: 'LINUX',
  darwin: 'MACOS',
  freebsd: 'FREEBSD',
  sunos: 'SOLARIS',
  aix: 'AIX',
};

/** Looks at the node; the settings win, and then what the resource manager's script has told. */
export function findNode(settings: Offer, { name, ...told }: ToldNode = {}): Node {
  const { cores, memory, gpus, resources = {} } = { ...told, ...settings };
  const allowed = allowedCores();
  const count = cores ?? allowed.length;
  const gpuNames = offeredGpus(gpus);
  return {
    name: name ?? hostname(),
    capacity: {
      // More than there are: numbers are all that they can have.
      cores: count <= allowed.length ? allowed.slice(0, count) : range(count),
      gpus: range(gpuNames.length),
      memory: memory ?? usableMemory(),
      resources,
    },
    gpuNames,
  };
}

/** The node as the manager is told of it. */
export function nodeInfo(
  { name, capacity }: Node,
  { launcher, launcherNote }: Pick<NodeInfo, 'launcher' | 'launcherNote'>,
): NodeInfo {
  return {
    host: name,
    cores: capacity.cores.length,
    memory: capacity.memory,
    gpus: capacity.gpus.length,
    resources: capacity.resources,
    cpuArchitecture: ARCHITECTURES[arch()] ?? arch(),
    operatingSystemType: SYSTEMS[platform()] ?? platform(),
    nodeVersion: process.versions.node,
    pstarVersion: PSTAR_VERSION,
    launcher,
    ...(launcherNote !== undefined && { launcherNote }),
  };
}

/** The ids of a list like `0-3,8`, as the kernel writes it. */
export function parseIdList(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return last >= first ? range(last - first + 1).map((i) => first + i) : [];
  });
}

/** The cores that this process may use: a resource manager binds a part of a node's to a job. */
function allowedCores(): number[] {
  const count = availableParallelism();
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readOr('/proc/self/status') ?? '')?.[1];
  const ids = list === undefined ? [] : parseIdList(list);
  return ids.length >= count ? ids.slice(0, count) : range(count);
}

/** What the control group allows, if that is less than what the machine has. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** The names of the gpus to offer: so many of those found, or, with none found, numbers. */
function offeredGpus(count: number | undefined): readonly string[] {
  const found = visibleGpus(process.env['CUDA_VISIBLE_DEVICES']) ?? presentGpus();
  if (count === undefined) return found;
  return count <= found.length ? found.slice(0, count) : range(count).map(String);
}

/** What CUDA_VISIBLE_DEVICES names; undefined when it says nothing. CUDA ends at the first bad one. */
export function visibleGpus(variable: string | undefined): string[] | undefined {
  if (variable === undefined) return undefined;
  const names = variable.split(',').map((name) => name.trim());
  const bad = names.findIndex((name) => !/^(\d+|(GPU|MIG)-\S+)$/.test(name));
  return bad < 0 ? names : names.slice(0, bad);
}

function presentGpus(): string[] {
  const driver = '/proc/driver/nvidia/gpus';
  const devices = existsSync(driver)
    ? readdirSync(driver)
    : readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name));
  return range(devices.length).map(String);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Which nodes a pilot may run on. PURE. */
import { type ParsedPilotJobDescription, PilotError } from '@pstar/core/adaptor';
import type { SbatchOption, SlurmNode } from './transport.ts';

/** What `uname` says, in SAGA's words, where these differ by more than capitals. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  amd64: 'x86_64',
  i386: 'x86_32',
  i686: 'x86_32',
  ppc64: 'powerpc',
  ppc64le: 'powerpc',
};
const SYSTEMS: Readonly<Record<string, string>> = { darwin: 'macos', sunos: 'solaris' };

/** Whether the nodes must be known to say what the pilot asks for. */
export function isAboutNodes(description: ParsedPilotJobDescription): boolean {
  const { candidateHosts, cpuArchitecture, operatingSystemType } = description;
  return (candidateHosts ?? cpuArchitecture ?? operatingSystemType) !== undefined;
}

/**
 * The options that keep a pilot on the nodes that its description allows. Slurm's `--nodelist` wants
 * all of its nodes, so that candidates are what is left when all others are excluded.
 *
 * @throws PilotError `DESCRIPTION_INVALID` when no node is left, or a host is none of Slurm's
 */
export function candidateOptions(
  description: ParsedPilotJobDescription,
  nodes: readonly SlurmNode[],
): readonly SbatchOption[] {
  if (!isAboutNodes(description)) return [];
  const { candidateHosts, numberOfProcesses } = description;
  const hosts = candidateHosts?.map((host) => nodeNamed(host, nodes));
  const left = nodes.filter(
    (node) =>
      (hosts === undefined || hosts.includes(node.name)) &&
      isOneOf(word(node.architecture, ARCHITECTURES), description.cpuArchitecture, ARCHITECTURES) &&
      isOneOf(word(node.system, SYSTEMS), description.operatingSystemType, SYSTEMS),
  );
  if (left.length === 0) {
    const kinds = nodes.map(
      ({ architecture, system }) => `${architecture} ${word(system, SYSTEMS)}`,
    );
    throw new PilotError('DESCRIPTION_INVALID', 'no node of the cluster is of that kind', {
      subject: description.cpuArchitecture ? 'cpuArchitecture' : 'operatingSystemType',
      hint: `there are ${[...new Set(kinds)].join(', ')}`,
    });
  }
  if (left.length === nodes.length) return [];
  if (hosts !== undefined && left.length === numberOfProcesses) {
    return [['nodelist', left.map(({ name }) => name).join(',')]];
  }
  const others = nodes.filter((node) => !left.includes(node));
  return [['exclude', others.map(({ name }) => name).join(',')]];
}

function nodeNamed(host: string, nodes: readonly SlurmNode[]): string {
  const node =
    nodes.find(({ name, address }) => name === host || address === host) ??
    nodes.find(({ name }) => name === host.split('.')[0]);
  if (node !== undefined) return node.name;
  const some = nodes.slice(0, 8).map(({ name }) => name);
  throw new PilotError('DESCRIPTION_INVALID', `${host} is no node of the cluster`, {
    subject: 'candidateHosts',
    hint: `there are ${some.join(', ')}${nodes.length > some.length ? ', …' : ''}`,
  });
}

function isOneOf(
  found: string,
  wanted: string | readonly string[] | undefined,
  words: Readonly<Record<string, string>>,
): boolean {
  return (
    wanted === undefined || [wanted].flat().some((each) => word(String(each), words) === found)
  );
}

/** The first word, in the one spelling that is compared. */
function word(text: string, words: Readonly<Record<string, string>>): string {
  const first = (text.split(/\s/)[0] ?? '').toLowerCase();
  return words[first] ?? first;
}

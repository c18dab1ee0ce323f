/** The door: `ssh://` for pilots on hosts, and `…+ssh://`, the way to a host for other adaptors. */
import { type Adaptor, type ConnectContext, defineAdaptor, PilotError } from '@pstar/core/adaptor';
import { HONOURED } from './attributes.ts';
import { SshConnections } from './connection/connections.ts';
import { machineOf, resolveEndpoint } from './connection/endpoint.ts';
import { SshGateway } from './gateway.ts';
import { HostSite } from './host/host-site.ts';
import { Hosts } from './hosts.ts';
import { type LaunchRecord, LaunchRecords } from './launch-records.ts';
import { OWN_ADDRESS } from './relay/relay-protocol.ts';
import { SshResourceManager } from './resource-manager.ts';
import { gatewayOf, hostsOf, readOptions, readTarget, SshOptions } from './url.ts';

/** Of this process, so that all of its services share a connection to a host. */
const connections = new SshConnections();

/** Starts agents on hosts that are reached by ssh. */
export const sshAdaptor: Adaptor = defineAdaptor({
  scheme: 'ssh',
  optionsSchema: SshOptions,
  attributes: HONOURED,
  connect: async (rm, context) => {
    const options = readOptions(rm);
    if (options.listen !== undefined) {
      throw new PilotError('URL_INVALID', 'listen is for compute nodes behind a login node', {
        subject: rm.href,
        hint: 'leave it out: these agents reach their own host',
      });
    }
    const targets = hostsOf(rm);
    const records = new LaunchRecords(context.directory);
    await records.tidy();
    const open = (await records.all()).filter(isOpen);
    const hosts = new Hosts(async (target) => {
      const site = await siteOf(target, options, context);
      for (const { parts } of (await records.all()).filter(isOpen)) {
        const own = parts.find((part) => part.target === target);
        if (own?.directory !== undefined && !own.end) site.adopt(own.directory, own.program);
      }
      return site;
    }, context.clock);
    // Agents of an earlier process look for their manager, also on hosts that no URL names.
    const awaited = open.flatMap(({ parts }) => parts.map(({ target }) => target));
    try {
      await reach(hosts, new Set([...targets, ...awaited]), open.length > 0);
    } catch (error) {
      await hosts.close();
      throw error;
    }
    const { log } = context;
    const machine = (target: string) => machineOf(resolveEndpoint(readTarget(target, options)));
    const manager = new SshResourceManager({ hosts, records, targets, log, machineOf: machine });
    void manager.tidy();
    return manager;
  },
  openGateway: async (rm, context) => {
    const target = gatewayOf(rm);
    const { listen = OWN_ADDRESS, ...options } = readOptions(rm);
    return SshGateway.open(target, await siteOf(target, options, context, listen), context);
  },
});

async function siteOf(
  target: string,
  options: SshOptions,
  context: ConnectContext,
  listen?: string,
): Promise<HostSite> {
  const { clock, log, security, manager, admit } = context;
  const host = await connections.host(readTarget(target, options), {
    clock,
    log,
    ...(security !== undefined && { security }),
  });
  return new HostSite({
    host,
    manager,
    clock,
    log,
    ...(admit !== undefined && { admit }),
    ...(listen !== undefined && { listen }),
  });
}

/** That one host is away must not keep anybody from looking after the others, or after what runs there already. */
async function reach(hosts: Hosts, targets: Iterable<string>, isAwaited: boolean): Promise<void> {
  const reached = await Promise.allSettled([...targets].map((target) => hosts.site(target)));
  const [first] = reached;
  if (isAwaited || first?.status !== 'rejected') return;
  if (reached.every(({ status }) => status === 'rejected')) throw first.reason;
}

function isOpen({ parts }: LaunchRecord): boolean {
  return parts.some(({ end }) => end === undefined);
}

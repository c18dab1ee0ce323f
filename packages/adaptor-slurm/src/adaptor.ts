/** The door: `slurm://` by commands, `slurm+http://`, `slurm+https://`, `slurm+unix://` by slurmrestd. */
import { type Adaptor, type ConnectContext, defineAdaptor } from '@pstar/core/adaptor';
import { HONOURED } from './attributes.ts';
import { commandTransport } from './commands.ts';
import { SlurmResourceManager } from './resource-manager.ts';
import { connectRest } from './rest.ts';
import { REST_PROTOCOLS } from './rest-address.ts';
import { siteDefaults } from './site.ts';
import type { SlurmTransport } from './transport.ts';
import { readOptions, refuseHost, refusePath, SlurmOptions } from './url.ts';

/** Starts agents as jobs of Slurm. */
export const slurmAdaptor: Adaptor = defineAdaptor({
  scheme: 'slurm',
  optionsSchema: SlurmOptions,
  attributes: HONOURED,
  connect: async (rm, context) => {
    const url = readOptions(rm);
    const defaults = { url, site: siteDefaults(process.env) };
    const { clock, directory } = context;
    const transport = await transportOf(rm, url, context);
    try {
      // Says at once when there is no Slurm, rather than with the first pilot.
      await transport.info();
      const manager = new SlurmResourceManager({ transport, clock, directory, defaults });
      await manager.tidy();
      return manager;
    } catch (error) {
      await transport.close();
      throw error;
    }
  },
});

async function transportOf(
  rm: URL,
  url: SlurmOptions,
  context: ConnectContext,
): Promise<SlurmTransport> {
  if (REST_PROTOCOLS.includes(rm.protocol)) return connectRest(rm, context);
  if (rm.protocol === 'slurm:') {
    refuseHost(rm);
    refusePath(rm);
  }
  const { bin, conf, cluster } = url;
  return commandTransport({ runner: context.runner, environment: process.env, bin, conf, cluster });
}

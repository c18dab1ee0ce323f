/** The door: `slurm://` by commands, `slurm+http://`, `slurm+https://`, `slurm+unix://` by slurmrestd. */
import { type Adaptor, type ConnectContext, defineAdaptor } from '@pstar/core/adaptor';
import { HONOURED } from './attributes.ts';
import { commandTransport } from './commands.ts';
import { SlurmResourceManager } from './resource-manager.ts';
import { connectRest } from './rest.ts';
import { REST_PROTOCOLS } from './rest-address.ts';
import { siteDefaults } from './site.ts';
import { type Environment, environmentOf, namesOf } from './surroundings.ts';
import type { SlurmTransport } from './transport.ts';
import { readOptions, refuseHost, refusePath, SlurmOptions } from './url.ts';

/** Starts agents as jobs of Slurm. */
export const slurmAdaptor: Adaptor = defineAdaptor({
  scheme: 'slurm',
  transports: ['http', 'https', 'unix'],
  optionsSchema: SlurmOptions,
  attributes: HONOURED,
  connect: async (rm, context) => {
    const url = readOptions(rm);
    const { transport, environment, quietMs } = await reached(rm, url, context);
    try {
      // Says at once when there is no Slurm, rather than with the first pilot.
      await transport.info();
      const { clock, directory, runner } = context;
      const defaults = { url, site: siteDefaults(environment) };
      const { files } = runner;
      const names = () => namesOf(runner);
      const parts = { transport, clock, directory, defaults, files, names, quietMs };
      const manager = new SlurmResourceManager(parts);
      await manager.tidy();
      return manager;
    } catch (error) {
      await transport.close();
      throw error;
    }
  },
});

/** A way to Slurm, and the environment at its beginning. */
interface Reached {
  readonly transport: SlurmTransport;
  readonly environment: Environment;
  /** How far launches of one moment may be apart when they have come all that way. */
  readonly quietMs: number;
}

/** Between these bounds it is as long as a command takes; the least is what sbatch takes anyway. */
const QUIET_MS = { min: 25, max: 500 };

async function reached(rm: URL, url: SlurmOptions, context: ConnectContext): Promise<Reached> {
  if (REST_PROTOCOLS.includes(rm.protocol)) {
    const transport = await connectRest(rm, context);
    return { transport, environment: process.env, quietMs: QUIET_MS.min };
  }
  if (rm.protocol === 'slurm:') refuseHost(rm);
  refusePath(rm);
  const { runner, clock } = context;
  const since = clock.monotonic();
  const environment = await environmentOf(runner);
  const tookMs = clock.monotonic() - since;
  const { bin, conf, cluster } = url;
  return {
    transport: commandTransport({ runner, environment, bin, conf, cluster }),
    environment,
    quietMs: Math.min(Math.max(tookMs, QUIET_MS.min), QUIET_MS.max),
  };
}

/** The way in. */
import { ADAPTOR_CONTRACT } from '@pstar/core/adaptor';
import { must, mustEqual, mustRefuse } from '../check.ts';
import type { Requirement } from '../requirement.ts';
import { openPilots } from '../services.ts';

/** The query of a URL that no adaptor knows. */
const NONSENSE = 'pstar-kit-nonsense';

/** What holds of an adaptor before anything is submitted. */
export const connecting: readonly Requirement[] = [
  {
    name: 'connect:contract',
    sentence: 'is written for the present contract, and for the scheme of its URL',
    run: async ({ options: { adaptor }, rm }) => {
      mustEqual(adaptor.contract, ADAPTOR_CONTRACT, 'its contract');
      const scheme = new URL(rm).protocol.slice(0, -1);
      const served = scheme === adaptor.scheme || scheme.startsWith(`${adaptor.scheme}+`);
      must(served, `the adaptor of ${adaptor.scheme}:// does not serve ${rm}`);
    },
  },
  {
    name: 'connect:info',
    sentence: 'says what it is connected to',
    run: async (trial) => {
      const { manager } = await trial.connect();
      const { name } = await manager.info();
      must(name.trim() !== '', 'info() gives no name');
    },
  },
  {
    name: 'connect:twice',
    sentence: 'connects as often as it is asked to',
    run: async (trial) => {
      const connections = await Promise.all([trial.connect(), trial.connect()]);
      await connections[0].manager.close();
      await connections[1].manager.info();
    },
  },
  {
    name: 'connect:unknown-query',
    sentence: 'refuses a URL that asks for what it does not know, by name',
    run: async (trial) => {
      const { rm, options } = trial;
      const url = `${rm}${rm.includes('?') ? '&' : '?'}${NONSENSE}=1`;
      // The core looks at the query, by the adaptor's optionsSchema.
      const pilots = await openPilots(trial);
      const creation = pilots.create(url, options.description ?? {});
      const { message } = await mustRefuse(creation, `create('${url}')`);
      must(message.includes(NONSENSE), `'${message}' does not name '${NONSENSE}'`);
    },
  },
];

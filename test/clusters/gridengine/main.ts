/** Clusters for people: see README.md. */
import { byHand } from '../base/by-hand.ts';
import { DRMAA_LIBRARY, startGridEngine } from './cluster.ts';
import { directories } from './directories.ts';

await byHand({
  name: 'gridengine',
  numbers: { hosts: 3, slots: 8 },
  async up(options) {
    const cluster = await startGridEngine(options, true);
    return `. ${cluster.settings}\nexport DRMAA_LIBRARY_PATH=${DRMAA_LIBRARY}\n`;
  },
  down: () => directories.endByHand(),
});

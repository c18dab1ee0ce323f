/** Hosts for people: see README.md. */
import { byHand } from '../base/by-hand.ts';
import { directories } from './directories.ts';
import { startSshHosts } from './hosts.ts';

await byHand({
  name: 'ssh',
  numbers: { hosts: 3 },
  async up({ hosts }) {
    const started = await startSshHosts({ hosts: Array.from({ length: hosts }, () => ({})) }, true);
    const names = started.hosts.map(({ name }) => name);
    const { config, knownHosts, identity, isIsolated } = started;
    return [
      `export PSTAR_SSH='ssh://${names.join(',')}/?config=${encodeURIComponent(config)}'`,
      `export SSH_CONFIG=${config} SSH_KNOWN_HOSTS=${knownHosts} SSH_IDENTITY=${identity}`,
      `# ssh -F ${config} ${names[0]}`,
      ...(isIsolated ? [] : ['# without root they have homes of their own, and share all else']),
      '',
    ].join('\n');
  },
  down: () => directories.endByHand(),
});

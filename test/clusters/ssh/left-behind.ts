/** Starts hosts and something on one of them, says what it is, and stays until it is killed. */
import { stay } from '../base/programs.ts';
import { startSshHosts } from './hosts.ts';

const hosts = await startSshHosts({ isPlain: process.argv.includes('--plain') });
await hosts.host('h1').run('setsid sleep 1000 </dev/null >/dev/null 2>&1 &');
stay(hosts);

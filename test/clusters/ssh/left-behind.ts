/** Starts hosts and something on one of them, says what it is, and stays until it is killed. */
import { startSshHosts } from './hosts.ts';

const hosts = await startSshHosts({ isPlain: process.argv.includes('--plain') });
await hosts.host('h1').run('setsid sleep 1000 </dev/null >/dev/null 2>&1 &');
process.stdout.write(`${hosts.directory}\n`);
setInterval(() => {}, 60_000);

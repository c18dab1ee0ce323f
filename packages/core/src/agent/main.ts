/**
 * Entry of the program on the resource: `node agent.mjs SETTINGS.json`; and of its workers, which call
 * functions: `node agent.mjs --worker SETTINGS.json`.
 *
 * Its log goes to standard error, which the launch directs to the pilot's log file. It exits with 0
 * when it was time to end, with 75 when it has lost its manager, and with 70 when something is wrong.
 */
import { readFile } from 'node:fs/promises';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import type { EndReason } from '../protocol/messages.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../protocol/version.ts';
import { systemClock } from '../runtime/clock.ts';
import { stderrLog } from '../runtime/log.ts';

const EXIT_SOFTWARE = 70;
const EXIT_TEMPFAIL = 75;
const EXIT_CODES: Readonly<Record<EndReason, number>> = {
  ordered: 0,
  'time-limit': 0,
  idle: 0,
  signal: 0,
  lease: EXIT_TEMPFAIL,
  failed: EXIT_SOFTWARE,
};
/** Should something keep the process alive that has nothing more to do. */
const LINGER_MS = 2_000;

const log = stderrLog();

async function readSettings(file: string | undefined): Promise<AgentSettings> {
  if (file === undefined) throw new Error('usage: agent SETTINGS.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as AgentSettings;
  if (settings.protocol !== PROTOCOL_VERSION) {
    throw new Error(
      `${file} was written by pstar ${settings.version} (protocol ${settings.protocol}); ` +
        `this agent is pstar ${PSTAR_VERSION} (protocol ${PROTOCOL_VERSION})`,
    );
  }
  return settings;
}

async function main(): Promise<number> {
  const settings = await readSettings(process.argv[2]);
  const [{ Agent }, { managerDialer }] = await Promise.all([
    import('./agent.ts'),
    import('./manager-address.ts'),
  ]);
  const dial = managerDialer(settings, log);
  const agent = new Agent(settings, { clock: systemClock, log, dial, environment: process.env });
  const fail = (error: unknown): void => void agent.fail(error);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => agent.evict());
  }
  // Resource managers warn by these whole process groups: one would end Node.js, the other debug it.
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
  const { reason, problem } = await agent.run();
  const code = EXIT_CODES[reason];
  log[code === 0 ? 'info' : 'error']({ reason }, problem ?? 'ended');
  return code;
}

async function runAgent(): Promise<void> {
  const code = await main().catch((error: Error) => {
    log.error(error.message);
    return EXIT_SOFTWARE;
  });
  process.exitCode = code;
  systemClock.after(LINGER_MS, () => process.exit(), { unref: true });
}

const [, program = '', word, file = ''] = process.argv;
// Each evaluates its own half of the bundle: a worker is there a tenth sooner.
if (word === '--worker') {
  const { runWorker } = await import('../workers/worker-main.ts');
  runWorker(file, program);
} else await runAgent();

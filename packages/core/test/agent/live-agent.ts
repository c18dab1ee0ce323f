/** An agent in this process, whose links lead to toy managers. */
import { join } from 'node:path';
import { Agent, type AgentEnd } from '../../src/agent/agent.ts';
import type { WorkerParts } from '../../src/agent/unit-hands.ts';
import type { AgentSettings } from '../../src/protocol/agent-settings.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/version.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { memoryLinks } from '../../src/transport/memory-link.ts';
import { ToyManager } from './toy-manager.ts';

/** An agent and the managers that it has reached so far. */
export class LiveAgent {
  readonly agent: Agent;
  readonly end: Promise<AgentEnd>;
  readonly managers: ToyManager[] = [];
  #arrived: ((manager: ToyManager) => void)[] = [];

  constructor(
    root: string,
    settings: Partial<AgentSettings> = {},
    { clock = systemClock, workers = {} }: { clock?: Clock; workers?: WorkerParts } = {},
  ) {
    this.agent = new Agent(
      {
        protocol: PROTOCOL_VERSION,
        version: '0',
        pilot: 'pilot-1',
        identity: '',
        key: '',
        manager: { host: '', port: 0 },
        root,
        keptDirectory: join(root, 'kept'),
        sharesFiles: true,
        cores: 2,
        leaseMs: 600_000,
        heartbeatMs: 60_000,
        graceMs: 5_000,
        executor: 'process',
        environment: { SITE: 'here' },
        ...settings,
      },
      {
        clock,
        workers,
        log: silentLog,
        environment: { PATH: process.env['PATH'] },
        dial: async () => {
          const [near, far] = memoryLinks();
          const manager = new ToyManager(far);
          this.managers.push(manager);
          this.#arrived.shift()?.(manager);
          return near;
        },
      },
    );
    this.end = this.agent.run();
  }

  async manager(): Promise<ToyManager> {
    const manager =
      this.managers.shift() ??
      (await new Promise<ToyManager>((resolve) =>
        this.#arrived.push((arrived) => {
          this.managers.shift();
          resolve(arrived);
        }),
      ));
    await manager.until(({ hello }) => hello);
    manager.welcome();
    return manager;
  }

  /** Ends the agent, unless it has ended already. */
  async stop(manager: ToyManager): Promise<void> {
    if (!manager.isClosed) manager.send({ type: 'end', graceMs: 100, why: 'the test is over' });
    await this.end;
  }
}

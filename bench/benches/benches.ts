/** What is measured against what: the rows of the table. */
import type { Bench } from '../harness.ts';
import type { Rounds } from '../rounds.ts';
import { reconnectBench, reopenBench } from './durability.ts';
import { functionsBench } from './functions.ts';
import { growthBench } from './growth.ts';
import { latencyBench } from './latency.ts';
import { managerBench } from './manager.ts';
import { memoryBench } from './memory.ts';
import { nullBench } from './null.ts';
import { computingBench, observingBench } from './observing.ts';
import { processBench } from './process.ts';
import { qualityBench } from './quality.ts';
import { manyAgentsBench, scaleBench } from './scale.ts';
import { slurmBench } from './slurm.ts';
import { sshBench } from './ssh.ts';
import { stagingBench } from './staging.ts';
import { submitBench } from './submit.ts';

/** All benches, in the order of the table. */
export function benches(rounds: Rounds, say: (line: string) => void): readonly Bench[] {
  return [
    processBench(rounds, say),
    nullBench(rounds),
    submitBench(rounds),
    latencyBench(rounds, say),
    memoryBench(rounds),
    managerBench(rounds),
    qualityBench(rounds),
    reopenBench(rounds),
    reconnectBench(rounds),
    manyAgentsBench(rounds),
    scaleBench(rounds),
    growthBench(rounds),
    observingBench(rounds),
    computingBench(rounds),
    functionsBench(rounds),
    stagingBench(rounds),
    slurmBench(rounds, say),
    sshBench(rounds, say),
  ];
}

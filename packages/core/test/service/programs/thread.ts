/** A user's worker thread: opens two services in the store that it is given, and says what they warn of. */
import { parentPort, workerData } from 'node:worker_threads';
import { silentLog } from '../../../src/runtime/log.ts';
import { PilotJobService } from '../../../src/service/pilot-job-service.ts';

const warnings: unknown[] = [];
const log = { ...silentLog, warn: (first: unknown) => void warnings.push(first) };
const { id } = await PilotJobService.open({ store: workerData, log });
await PilotJobService.open({ store: workerData, log });
parentPort?.postMessage({ id, warnings });

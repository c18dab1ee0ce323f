/**
 * One run of one measurement in a process of its own, so that none inherits the heap or the warm
 * code of another: `node round.mjs NAME CONTEXT`, and the sample comes out as JSON.
 */
import type { Sample } from './harness.ts';
import { fdatasyncs } from './measures/fdatasync.ts';
import { idleLatency } from './measures/latency.ts';
import { managerAlike, managerGraph, managerMemory } from './measures/manager.ts';
import { pendingMemory } from './measures/memory.ts';
import { nullUnits, processUnits } from './measures/run-units.ts';
import { submitAlike, submitOwn } from './measures/submit.ts';
import { echoServer, tlsEcho } from './measures/tls-echo.ts';
import type { Context } from './measures/world.ts';

const measures: Readonly<Record<string, (context: Context) => Promise<Sample>>> = {
  'process-units': processUnits,
  'null-units': nullUnits,
  'submit-alike': submitAlike,
  'submit-own': submitOwn,
  'idle-latency': idleLatency,
  'pending-memory': pendingMemory,
  'manager-alike': managerAlike,
  'manager-graph': managerGraph,
  'manager-memory': managerMemory,
  'tls-echo': tlsEcho,
  'echo-server': echoServer,
  fdatasync: fdatasyncs,
};

const [name = '', context = '{}'] = process.argv.slice(2);
const measure = measures[name];
if (measure === undefined) throw new Error(`there is no measurement '${name}'`);
process.stdout.write(`${JSON.stringify(await measure(JSON.parse(context) as Context))}\n`);

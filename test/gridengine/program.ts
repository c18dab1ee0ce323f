/**
 * A program that is killed while its pilot and its units live on: `program.ts STORE URL LEDGERS GATE`. Says
 * which pilot it has when all units run.
 */
import { drmaaAdaptor } from '@pstar/adaptor-drmaa';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { UNIT } from '../chaos/unit.ts';
import { reached } from '../integration/fixture.ts';

const [, , store = '', rm = '', ledgers = '', gate = ''] = process.argv;

const pilots = await PilotJobService.open({ store, id: 'pilots', adaptors: [drmaaAdaptor] });
const work = await WorkUnitService.open({ store, id: 'work', services: [pilots] });
const pilot = await pilots.create(rm, { totalCpuCount: 2 });
const unit = { executable: '/bin/sh', arguments: [UNIT, ledgers, gate, 0] };
const units = await work.submit([unit, unit, unit]);
await Promise.all(units.slice(0, 2).map((each) => reached(each, 'Running')));
process.stdout.write(`${pilot.nativeId}\n`);

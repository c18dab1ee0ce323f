/** The whole of it: pilots as users create them, with agents that run work. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, mustEqual, mustSay } from '../check.ts';
import { ENDS } from '../connection.ts';
import { leaveBehind } from '../left-behind.ts';
import type { Requirement } from '../requirement.ts';
import { openPilots, openServices, reached, shellUnit } from '../services.ts';
import { eventually } from '../waiting.ts';

const UNITS = 20;
const PILOTS = 3;
/** Seconds; the next one is for where it takes as long until a unit runs. */
const LIMITS = [3, 12];
/** A unit that stays until it is ended. */
const STAY = 'exec sleep 600';

/** That agents come, work, and go. */
export const work: readonly Requirement[] = [
  {
    name: 'work:units',
    sentence: 'runs units in a pilot',
    run: async (trial) => {
      const { pilots, work } = await openServices(trial);
      const pilot = await pilots.create(trial.rm, trial.options.description ?? {});
      const line = (i: number) => shellUnit(trial, `echo ${i} >unit-${i}`);
      const units = await work.submit(Array.from({ length: UNITS }, (_, i) => line(i)));
      await reached(trial, pilot, 'Running');
      for (const unit of units) await reached(trial, unit, 'Done');
      must(pilot.nodes.length > 0, 'the pilot shows no node');
      for (let i = 0; i < UNITS; i += 1) {
        const written = await readFile(join(trial.directory, `unit-${i}`), 'utf8');
        mustEqual(written, `${i}\n`, 'what a unit has written');
      }
    },
  },
  {
    name: 'work:cores',
    sentence:
      'has a pilot offer the cores that it asks for, and not all of its node, if totalCpuCount is listed',
    run: async (trial) => {
      const { adaptor, description, examples } = trial.options;
      if (!adaptor.attributes.includes('totalCpuCount')) return;
      const asked = { ...description, ...(examples?.totalCpuCount ?? { totalCpuCount: 1 }) };
      const { totalCpuCount = 1 } = asked;
      const { pilots, work } = await openServices(trial);
      const pilot = await pilots.create(trial.rm, asked);
      const unit = await work.submit(shellUnit(trial, 'getconf _NPROCESSORS_ONLN >cores'));
      await reached(trial, pilot, 'Running');
      await reached(trial, unit, 'Done');
      const there = Number(await readFile(join(trial.directory, 'cores'), 'utf8'));
      const offered = Math.max(...pilot.nodes.map(({ cores }) => cores));
      // Where it was asked for as many, or was given more, but not all, it is confined or could not be.
      const isAll = offered > totalCpuCount && offered >= there;
      must(
        !isAll,
        `a pilot of ${totalCpuCount} cores offers all ${offered} of its node: say so by offer()`,
      );
    },
  },
  {
    name: 'work:parallel',
    sentence:
      'starts several pilots that are created at the same time, with an agent of its own each',
    run: async (trial) => {
      const pilots = await openPilots(trial);
      const create = () => pilots.create(trial.rm, trial.options.description ?? {});
      const created = await Promise.all(Array.from({ length: PILOTS }, create));
      for (const pilot of created) await reached(trial, pilot, 'Running');
      const ids = new Set(created.map(({ nativeId }) => nativeId));
      mustEqual(ids.size, PILOTS, 'how many native ids there are');
    },
  },
  {
    name: 'work:cancel',
    sentence: 'ends a pilot that is canceled, and its native job',
    run: async (trial) => {
      const { pilots, work } = await openServices(trial);
      const pilot = await pilots.create(trial.rm, trial.options.description ?? {});
      const unit = await work.submit(shellUnit(trial, STAY));
      await reached(trial, pilot, 'Running');
      await reached(trial, unit, 'Running');
      await pilot.cancel({ signal: AbortSignal.timeout(trial.patienceMs) });
      mustEqual(pilot.state, 'Canceled', 'the state of the pilot');
      await (await trial.connect()).until(pilot.nativeId ?? '', ...ENDS, 'Unknown');
      await reached(trial, unit, 'Pending');
    },
  },
  {
    name: 'work:limit',
    sentence: 'ends a pilot at its wallTimeLimit, and its units are handed back',
    run: async (trial) => {
      const { pilots, work } = await openServices(trial);
      const unit = await work.submit(shellUnit(trial, STAY));
      let hasRun = false;
      unit.state$.subscribe((state) => {
        if (state === 'Running') hasRun = true;
      });
      for (const wallTimeLimit of LIMITS) {
        const description = { ...trial.options.description, wallTimeLimit };
        const pilot = await pilots.create(trial.rm, description);
        const isOn = async () => hasRun || pilot.state === 'Done' || undefined;
        await eventually(isOn, () => `Running; ${unit.explain()}`, trial.patienceMs);
        const limitMs = 1000 * wallTimeLimit;
        await reached({ patienceMs: limitMs + trial.patienceMs }, pilot, 'Done');
        await reached(trial, unit, 'Pending');
        if (hasRun) return;
      }
      must(false, `its unit did not run within ${LIMITS.at(-1)} s`);
    },
  },
  {
    name: 'work:outside',
    sentence: 'ends a pilot that others have canceled, and its units are handed back',
    run: async (trial) => {
      const cancel = trial.hook('cancel');
      const { pilots, work } = await openServices(trial);
      const pilot = await pilots.create(trial.rm, trial.options.description ?? {});
      const unit = await work.submit(shellUnit(trial, STAY));
      await reached(trial, pilot, 'Running');
      await reached(trial, unit, 'Running');
      await cancel(pilot.nativeId ?? '');
      const isOver = async () => ENDS.some((end) => pilot.state === end) || undefined;
      await eventually(isOver, () => `an end of the pilot, ${pilot.state}`, trial.patienceMs);
      await reached(trial, unit, 'Pending');
    },
  },
  {
    name: 'work:refused',
    sentence: "rejects a pilot with the resource manager's own sentence, and shows none",
    run: async (trial) => {
      const { says, description } = trial.option('refused');
      const pilots = await openPilots(trial);
      const all = { ...trial.options.description, ...description };
      await mustSay(pilots.create(trial.rm, all), says, 'create()');
      mustEqual(pilots.pilotJobs.length, 0, 'how many pilots there are');
    },
  },
  {
    name: 'work:reopened',
    sentence: 'has pilots and units go on whose program was killed, for whoever opens it again',
    run: async (trial) => {
      const left = await leaveBehind(trial);
      await writeFile(left.gate, '');
      const { pilots, work } = await openServices(trial, left.ids);
      for (const unit of work.workUnits) await reached(trial, unit, 'Done');
      mustEqual(
        pilots.pilotJobs.map(({ nativeId }) => nativeId),
        [left.nativeId],
        'the pilots',
      );
      mustEqual(work.workUnits.size, left.units, 'how many units there are');
      const ran = (await linesOf(left.ledger)).sort();
      mustEqual(ran, [...work.workUnits].map(({ id }) => id).sort(), 'which units have run');
    },
  },
];

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trim().split('\n');
}

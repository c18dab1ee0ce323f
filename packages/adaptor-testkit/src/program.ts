/**
 * A user's program, to be killed: opens services, creates a pilot, gives it work, says what it has
 * once the first unit runs, and does nothing more. Run with {@link ProgramSettings} as JSON.
 */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import type { Adaptor } from '@pstar/core/adaptor';
import { silentLog } from '@pstar/core/testing';
import type { ProgramSettings, ProgramWords } from './left-behind.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ProgramSettings;
const { store, rm, description, listen } = settings;
const pilots = await PilotJobService.open({
  store,
  log: silentLog,
  adaptors: await adaptorsOf(settings.module),
  ...(listen !== undefined && { listen }),
});
const work = await WorkUnitService.open({ store, services: [pilots], log: silentLog });
const pilot = await pilots.create(rm, description);
const unit = { executable: '/bin/sh', arguments: ['-c', settings.line], workingDirectory: '/' };
await work.submit(Array.from({ length: settings.units }, () => unit));
let isSaid = false;
work.statistics$.subscribe(({ byState }) => {
  if (isSaid || byState.Running === 0) return;
  isSaid = true;
  const words: ProgramWords = {
    pilots: pilots.id,
    work: work.id,
    nativeId: pilot.nativeId ?? '',
  };
  process.stdout.write(`${JSON.stringify(words)}\n`);
});

async function adaptorsOf(module: string | undefined): Promise<Adaptor[]> {
  if (module === undefined) return [];
  const exported: unknown[] = Object.values(await import(module));
  return exported.filter((value): value is Adaptor => {
    const { scheme, connect } = (value ?? {}) as Partial<Adaptor>;
    return typeof scheme === 'string' && typeof connect === 'function';
  });
}

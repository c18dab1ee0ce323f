import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { PilotRecord } from '../../../src/manager/pilot-record.ts';
import { pilotPlace } from '../../../src/service/agents/pilot-launch.ts';
import { removeRemains } from '../../../src/service/agents/pilot-remains.ts';
import { deathNoteOf, LeftFiles } from '../../../src/transport/kept-reports.ts';

it('removes the notes of killed agents with the rest, also of some that nobody knew', async () => {
  const root = mkdtempSync(join(tmpdir(), 'pstar-remains-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const place = pilotPlace(root, 'pilot-1');
  const left = new LeftFiles(place.keptDirectory);
  expect(await left.killed()).toEqual(new Set());
  mkdirSync(place.keptDirectory, { recursive: true });
  for (const agent of ['agent-1', 'agent-2']) {
    writeFileSync(deathNoteOf(place.keptDirectory, agent), '');
  }
  writeFileSync(join(place.keptDirectory, 'agent-1'), '');
  writeFileSync(place.settingsFile, '{}');
  expect(await left.killed()).toEqual(new Set(['agent-1', 'agent-2']));
  const pilot = { agents: new Map([['agent-1', {}]]) } as unknown as PilotRecord;
  await removeRemains(pilot, place, { cleanup: 'default' } as never);
  expect(existsSync(place.directory)).toBe(false);
});

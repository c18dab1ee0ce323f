import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/runtime/log.ts';
import { PilotJobService } from '../../../src/service/pilot-job-service.ts';
import { profilesFile, readProfile } from '../../../src/service/resource-managers/profiles.ts';

describe('profiles', () => {
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pstar-profiles-'));
    file = join(directory, 'profiles.json');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('name a resource manager and what every pilot there is given', async () => {
    const here = { rm: 'local://', description: { totalCpuCount: 2, idleTimeout: '1h' } };
    await writeFile(file, JSON.stringify({ here }));
    expect(await readProfile('here', file)).toEqual(here);
  });

  it('are named when another is asked for', async () => {
    await writeFile(file, JSON.stringify({ here: { rm: 'local://' }, there: { rm: 'slurm://' } }));
    await expect(readProfile('elsewhere', file)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        `there is no profile 'elsewhere' (${file}); ` +
        'write a URL such as local://, or one of here, there',
    });
    await expect(readProfile('toString', file)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['{', '[1', 'null', '{"here":{}}', '{"here":{"rm":"local"}}', '{"here":null}'])(
    'are refused when they are written like %s',
    async (text) => {
      await writeFile(file, text);
      await expect(readProfile('here', file)).rejects.toMatchObject({
        code: 'DESCRIPTION_INVALID',
        subject: file,
      });
    },
  );

  it('are for pilots that name no resource manager, and their descriptions come first', async () => {
    const before = process.env['XDG_CONFIG_HOME'];
    process.env['XDG_CONFIG_HOME'] = directory;
    const options = { store: join(directory, 'store'), log: silentLog, signals: false };
    const service = await PilotJobService.open({ ...options, profile: 'here' });
    try {
      const description = { totalCpuCount: 2, idleTimeout: '1h' };
      expect(profilesFile()).toBe(join(directory, 'pstar', 'profiles.json'));
      await expect(service.create(undefined, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });

      await mkdir(join(directory, 'pstar'));
      await writeFile(profilesFile(), JSON.stringify({ here: { rm: 'local://', description } }));
      const pilot = await service.create(undefined, { totalCpuCount: 1 });
      expect(pilot.description).toEqual({ totalCpuCount: 1, idleTimeout: '1h' });
    } finally {
      if (before === undefined) delete process.env['XDG_CONFIG_HOME'];
      else process.env['XDG_CONFIG_HOME'] = before;
      await service.cancel();
    }
  });
});

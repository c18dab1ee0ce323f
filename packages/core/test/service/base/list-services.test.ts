import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/runtime/log.ts';
import { listServices } from '../../../src/service/base/list-services.ts';
import { WorkUnitService } from '../../../src/service/work-unit-service.ts';
import { cannotMount, Tmpfs } from '../../support/tmpfs.ts';

const log = silentLog;
let store: string;

beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'pstar-list-'));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

/** A service that has one unit, closed again. */
async function leave(id: string): Promise<void> {
  const service = await WorkUnitService.open({ store, id, log });
  await service.submit({ executable: 'true' });
  await service.close();
}

describe('a service whose file is damaged', () => {
  const fileOf = (id: string) => join(store, id, 'service.json');

  it.each(['', '{"kind":"wo', '{}', 'null', '{"kind":"work","state":"Closed","openedAt":"x"}'])(
    'is listed with the others, and opened: %j',
    async (content) => {
      await leave('whole');
      await leave('damaged');
      writeFileSync(fileOf('damaged'), content);
      const listed = await listServices(store);
      expect(listed.find(({ id }) => id === 'whole')).toMatchObject({ state: 'Closed' });
      expect(listed.find(({ id }) => id === 'damaged')).toEqual({
        id: 'damaged',
        kind: 'work',
        state: 'Open',
        openedAt: expect.any(Date),
      });
      const service = await WorkUnitService.open({ store, id: 'damaged', log });
      expect(service.workUnits.size).toBe(1);
      await service.close();
      expect(JSON.parse(readFileSync(fileOf('damaged'), 'utf8'))).toMatchObject({
        kind: 'work',
        state: 'Closed',
      });
    },
  );

  it('is left out where there is no journal to tell what it is', async () => {
    await leave('whole');
    await leave('damaged');
    truncateSync(fileOf('damaged'));
    rmSync(join(store, 'damaged', 'journal'), { recursive: true });
    expect(await listServices(store)).toMatchObject([{ id: 'whole' }]);
  });
});

describe.skipIf(cannotMount())('a service on a disk that is full', () => {
  /** Opens it on a small disk, which is full from here on; gives what its log says. */
  async function open() {
    const warnings: string[] = [];
    const warn = (...said: unknown[]) => void warnings.push(`${said.at(-1)}`);
    const hearing = { ...log, warn };
    const service = await WorkUnitService.open({ store, id: 'work', log: hearing });
    const unit = await service.submit({ executable: 'true' });
    const full = join(store, 'full');
    const fill = () => {
      for (;;) writeFileSync(full, Buffer.alloc(4096), { flag: 'a' });
    };
    expect(fill).toThrow('ENOSPC');
    return { service, unit, full, warnings };
  }

  it.each(['close', 'cancel'] as const)('ends by %s(), with a warning', async (end) => {
    using _ = Tmpfs.mount(store, 'size=24m');
    const { service, full, warnings } = await open();
    await service[end]();
    const ended = end === 'close' ? 'Closed' : 'Canceled';
    expect(service.state).toBe(ended);
    expect(warnings).toContainEqual(expect.stringContaining(`the service is ${ended}`));
    expect(await listServices(store)).toMatchObject([{ id: 'work', state: 'Open' }]);
    rmSync(full);
    const again = await WorkUnitService.open({ store, id: 'work', log });
    expect(again.workUnits.at(0)?.state).toBe(end === 'close' ? 'Pending' : 'Canceled');
    await again.close();
    expect(await listServices(store)).toMatchObject([{ id: 'work', state: 'Closed' }]);
  });

  it('does not take the result from a block that it is used in', async () => {
    using _ = Tmpfs.mount(store, 'size=24m');
    const block = async () => {
      await using service = (await open()).service;
      return service.statistics.total;
    };
    expect(await block()).toBe(1);
  });
});

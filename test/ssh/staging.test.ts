/** Files that travel through ssh: small and large ones, many and none that were asked for. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { configWith, filesOn, PATIENCE_MS, processesOn, SshWorld, sshUrl } from './fixture.ts';
import { stageThere } from './staging.ts';

const MIB = 1024 * 1024;

describe.skipIf(await cannotIsolate())(
  'files travel to a host and back',
  { timeout: 2 * PATIENCE_MS },
  () => {
    let hosts: SshHosts;
    beforeAll(async () => {
      hosts = await startSshHosts({ hosts: [{}, {}] });
    });
    afterAll(() => hosts.stop());

    it('a program with its input and output, a file that is appended to, and one that is not there', async () => {
      await using world = await SshWorld.open(hosts);
      await world.createRunning({ totalCpuCount: 2 }, ['h1', 'h2']);
      await stageThere(world);
    });

    it("what units make, with the modes of the login; nobody else comes to what is the pilot's", async () => {
      await using world = await SshWorld.open(hosts);
      await world.createRunning({ totalCpuCount: 1 });
      const output = join(world.store, 'output');
      const result = join(world.store, 'result');
      await writeFile(result, 'old\n', { mode: 0o644 });
      // What others would have something of, were they to come there: files, and then directories.
      const open = `find ~/.cache/pstar -type f -perm /077; find ~/.cache/pstar -type d -perm /077`;
      const [unit] = await world.work.submit([
        {
          executable: '/bin/sh',
          arguments: ['-c', `umask; mkdir made; echo new >result; ${open}; pwd`],
          output,
          fileTransfer: [`${result} < result`],
        },
      ]);
      await world.work.wait();
      expect(unit?.state).toBe('Done');
      const [mask, ...paths] = (await readFile(output, 'utf8')).trim().split('\n');
      const sandbox = paths.pop();
      expect(mask).toBe((await hosts.host('h1').run('umask')).stdout.trim());
      expect(mask).toBe('0022');
      const own = ['.stdout', '/made', '/result'].map((name) => `${sandbox}${name}`);
      expect(paths.sort()).toEqual(own);
      expect((await stat(result)).mode & 0o777).toBe(0o644);
      expect(await readFile(result, 'utf8')).toBe('new\n');
    });

    it('a directory of 10,000 files', async () => {
      await using world = await SshWorld.open(hosts);
      await world.createRunning({ totalCpuCount: 1 });
      const many = join(world.store, 'many');
      for (let i = 0; i < 100; i++) {
        await mkdir(join(many, `d${i}`), { recursive: true });
        await Promise.all(
          Array.from({ length: 100 }, (_, j) =>
            writeFile(join(many, `d${i}/f${j}`), `${i} ${j}\n`),
          ),
        );
      }
      const back = join(world.store, 'back');
      await world.work.submit([
        {
          executable: '/bin/sh',
          arguments: ['-c', 'find many -type f | wc -l >count && mv many moved'],
          fileTransfer: [`${many} > many`, `${back} < moved`, `${back}-count < count`],
        },
      ]);
      await world.work.wait();
      expect([...world.work.workUnits].map(({ state, exit }) => [state, exit?.problem])).toEqual([
        ['Done', undefined],
      ]);
      expect((await readFile(`${back}-count`, 'utf8')).trim()).toBe('10000');
      expect((await readdir(back)).length).toBe(100);
      expect(await readFile(join(back, 'd99/f99'), 'utf8')).toBe('99 99\n');
    });

    it('a gibibyte, which neither side has in memory', async () => {
      await using world = await SshWorld.open(hosts);
      const [source, target] = [join(world.store, 'source'), join(world.store, 'target')];
      await writeLarge(source, 1024);
      const own = join(world.store, 'own');
      const said = await program([sshUrl(hosts), own, source, target]);
      expect(JSON.parse(said)).toMatchObject({ state: 'Done' });
      expect(await areSame(source, target)).toBe(true);
      const { bytes } = JSON.parse(said);
      const [, agentKib] =
        /VmHWM:\s*(\d+) kB/.exec(await readFile(`${target}-memory`, 'utf8')) ?? [];
      // Node.js itself takes some 60 MiB, and tsx as much again.
      expect(bytes).toBeLessThan(350 * MIB);
      expect(Number(agentKib) * 1024).toBeLessThan(200 * MIB);
    });

    // The gibibyte's is aes128-gcm@openssh.com: of each kind ssh2 keeps other parts of what it is given.
    it.each(['chacha20-poly1305@openssh.com', 'aes256-ctr'])(
      'a large file, in packets of %s',
      async (cipher) => {
        await using world = await SshWorld.open(hosts);
        const config = await configWith(hosts, `Host *\nCiphers ${cipher}`);
        const rm = `ssh://h1/?config=${encodeURIComponent(config)}`;
        await world.createRunning({ totalCpuCount: 1 }, ['h1'], rm);
        const [source, target] = [join(world.store, 'source'), join(world.store, 'target')];
        await writeLarge(source, 32);
        const unit = await world.work.submit({
          executable: '/bin/true',
          fileTransfer: [`${source} > large`, `${target} < large`],
        });
        await world.work.wait();
        expect([unit.state, unit.exit?.problem]).toEqual(['Done', undefined]);
        expect(await areSame(source, target)).toBe(true);
      },
    );

    it('a connection is cut while files are on their way', async () => {
      await using world = await SshWorld.open(hosts);
      await world.createRunning({ totalCpuCount: 1 });
      const source = join(world.store, 'large');
      await writeLarge(source, 150);
      const target = join(world.store, 'large-back');
      const [unit] = await world.work.submit([
        { executable: '/bin/true', fileTransfer: [`${source} > large`, `${target} < large`] },
      ]);
      const h1 = hosts.host('h1');
      const arrived = () => sizeOf(h1.home);
      await expect.poll(arrived, { timeout: PATIENCE_MS, interval: 10 }).toBeGreaterThan(20 * MIB);
      await h1.cut();
      await expect
        .poll(
          () =>
            stat(`${target}`).then(
              () => true,
              () => unit?.state === 'Running',
            ),
          { timeout: PATIENCE_MS },
        )
        .toBe(true);
      await h1.cut();
      await world.work.wait();
      expect([unit?.state, unit?.exit?.problem]).toEqual(['Done', undefined]);
      expect(await areSame(source, target)).toBe(true);
    });

    it('a pilot that is canceled meanwhile leaves nothing of them', async () => {
      await using world = await SshWorld.open(hosts);
      const h2 = hosts.host('h2');
      const before = await filesOn(hosts, h2);
      const pilot = await world.createRunning({ totalCpuCount: 1 }, ['h2']);
      const source = join(world.store, 'large');
      await writeLarge(source, 300);
      await world.work.submit([{ executable: '/bin/true', fileTransfer: [`${source} > large`] }]);
      const arrived = () => sizeOf(h2.home);
      await expect.poll(arrived, { timeout: PATIENCE_MS, interval: 10 }).toBeGreaterThan(20 * MIB);
      await pilot.cancel();
      expect(await processesOn(h2)).toEqual([]);
      expect(await filesOn(hosts, h2)).toEqual(before);
    });
  },
);

/** What another program of ours says. It does not outlive its test, however that ends. */
async function program(parameters: readonly string[]): Promise<string> {
  const path = new URL('large.ts', import.meta.url).pathname;
  const command = ['--conditions=@pstar/source', '--import', 'tsx', path, ...parameters];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return text(child.stdout);
}

/** So many mebibytes that do not compress, no two alike. */
async function writeLarge(path: string, mebibytes: number): Promise<void> {
  const piece = randomBytes(MIB);
  const file = await open(path, 'w');
  for (let i = 0; i < mebibytes; i++) {
    piece.writeUInt32LE(i);
    await file.write(piece);
  }
  await file.close();
}

/** Of all files below a directory, in bytes. */
async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/pstar'));
  const sizes = files.map(({ parentPath, name }) =>
    stat(join(parentPath, name)).then(
      ({ size }) => size,
      // It has just been renamed.
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function areSame(one: string, other: string): Promise<boolean> {
  return promisify(execFile)('cmp', [one, other]).then(
    () => true,
    () => false,
  );
}

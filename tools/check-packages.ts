/**
 * Checks the tarballs as a stranger's tools see them: publint for the manifest, attw for the types.
 * Where a directory is named they are left there, to be installed elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { pack, publishedPackages, root } from './packages.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function checkManifest(tarball: string): Promise<boolean> {
  const file = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) },
    strict: true,
  });
  for (const message of messages) {
    say(`publint: ${message.type}: ${formatMessage(message, pkg, { color: false })}`);
  }
  return messages.length === 0;
}

function checkTypes(tarball: string): boolean {
  const attw = join(root, 'node_modules', '.bin', 'attw');
  const { status, stdout, stderr } = spawnSync(attw, [tarball, '--profile', 'esm-only'], {
    encoding: 'utf8',
  });
  if (status !== 0) say(`${stdout}${stderr}`);
  return status === 0;
}

const kept = process.argv[2];
if (kept !== undefined) mkdirSync(kept, { recursive: true });
const scratch = kept === undefined ? mkdtempSync(join(tmpdir(), 'pstar-packages-')) : resolve(kept);
try {
  for (const found of publishedPackages()) {
    const tarball = pack(found, scratch);
    const good = [await checkManifest(tarball), checkTypes(tarball)].every(Boolean);
    say(`${found.manifest.name}: ${good ? 'ok' : 'not fit to be published'}`);
    if (!good) process.exitCode = 1;
  }
} finally {
  if (kept === undefined) rmSync(scratch, { recursive: true, force: true });
}

/** Checks the tarballs as a stranger's tools see them: publint for the manifest, attw for the types. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const scratch = mkdtempSync(join(tmpdir(), 'pstar-packages-'));
try {
  for (const found of publishedPackages()) {
    const tarball = pack(found, scratch);
    const good = [await checkManifest(tarball), checkTypes(tarball)].every(Boolean);
    say(`${found.manifest.name}: ${good ? 'ok' : 'not fit to be published'}`);
    if (!good) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The packages of this workspace that are published, and their tarballs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pnpm } from './pnpm.mjs';

/** The workspace's root, with a slash at its end. */
export const root = fileURLToPath(new URL('../', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

export interface PublishedPackage {
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Every package under packages/ that is not private. */
export function publishedPackages(): PublishedPackage[] {
  return readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const directory = join(root, 'packages', name);
      const manifest: Manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      return { directory, manifest };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * Packs what would be published, from what was built last.
 *
 * pnpm and not npm, because only pnpm replaces `catalog:` and `workspace:` by versions.
 *
 * @returns the tarball's path.
 */
export function pack({ directory, manifest }: PublishedPackage, destination: string): string {
  const { status, output } = pnpm(['pack', '--pack-destination', destination], { cwd: directory });
  if (status !== 0) throw new Error(`${manifest.name} could not be packed:\n${output}`);
  const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
  return join(destination, file);
}

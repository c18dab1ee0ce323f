/**
 * Keeps a report of every public door, so that a change of the surface is seen in review.
 *
 * Without arguments a report that is not current is an error; `npm run api` brings them up to date.
 * Reads the built declarations: build first.
 */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { publishedPackages, root } from './packages.ts';

const update = process.argv.includes('--update');
const settings = ExtractorConfig.loadFile(join(root, 'api-extractor.json'));

/** `.` of packages/core becomes core.api.md, `./adaptor` core-adaptor.api.md. */
function checkDoor(directory: string, door: string, types: string): boolean {
  const name = [basename(directory), ...door.split('/').slice(1)].join('-');
  const { succeeded } = Extractor.invoke(
    ExtractorConfig.prepare({
      configObject: {
        ...settings,
        projectFolder: directory,
        mainEntryPointFilePath: join(directory, types),
        compiler: { overrideTsconfig: asBuilt(directory) },
        apiReport: {
          enabled: true,
          reportFileName: `${name}.api.md`,
          reportFolder: '<projectFolder>/api',
          reportTempFolder: '<projectFolder>/dist/.api',
        },
      },
      configObjectFullPath: join(root, 'api-extractor.json'),
      packageJsonFullPath: join(directory, 'package.json'),
    }),
    {
      localBuild: update,
      messageCallback: (message) => {
        if (message.logLevel === ExtractorLogLevel.Info) message.logLevel = ExtractorLogLevel.None;
      },
    },
  );
  return succeeded;
}

/** The package's project, but one that sees the declarations of others and not their sources. */
function asBuilt(directory: string): object {
  return {
    extends: join(directory, 'tsconfig.json'),
    compilerOptions: { customConditions: [] },
  };
}

for (const { directory, manifest } of publishedPackages()) {
  mkdirSync(join(directory, 'api'), { recursive: true });
  for (const [door, target] of Object.entries(manifest.exports)) {
    const types = typeof target === 'string' ? undefined : target['types'];
    if (types === undefined || checkDoor(directory, door, types)) continue;
    const wayOut = update ? 'see above' : 'see above; npm run api brings it up to date';
    process.stdout.write(`${manifest.name} ${door}: the report is not in order; ${wayOut}\n`);
    process.exitCode = 1;
  }
}

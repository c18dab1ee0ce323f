/** The cell of a cluster that has never run: its files, which qmaster reads when it starts. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type Attributes,
  bootstrap,
  executionHost,
  type GridEngineOptions,
  globalConfiguration,
  hostNames,
  type Layout,
  localConfiguration,
  MASTER,
  parallelConfiguration,
  parallelEnvironments,
  queueConfiguration,
  queueInstance,
  SCHEDULER,
  temporaryDirectory,
} from './configuration.ts';

const execute = promisify(execFile);

/** Where Debian has the programs. */
export const PROGRAMS = '/usr/lib/gridengine';
const SHARE = '/usr/share/gridengine';
const HOST_SOURCE = fileURLToPath(new URL('host.c', import.meta.url));

/** What Grid Engine calls this kind of machine. */
export async function architecture(): Promise<string> {
  const { stdout } = await execute(join(SHARE, 'util/arch'));
  return stdout.trim();
}

/** The library that makes hosts of processes. */
export function hostLibrary(directory: string): string {
  return join(directory, 'host.so');
}

/**
 * Writes everything.
 *
 * @param ownName what this machine is called by itself
 */
export async function writeCell(
  options: GridEngineOptions,
  layout: Layout,
  machine: { readonly arch: string; readonly ownName: string },
): Promise<void> {
  const { directory } = layout;
  await Promise.all([
    execute('cc', ['-O2', '-shared', '-fPIC', '-o', hostLibrary(directory), HOST_SOURCE]),
    linkPrograms(directory, machine.arch),
    writeSpool(options, layout),
    writeCommon(options, layout, machine.ownName),
    mkdir(join(directory, 'spool/execd'), { recursive: true }),
    ...hostNames(options).map((name) =>
      mkdir(temporaryDirectory(layout, name), { recursive: true }),
    ),
  ]);
}

async function linkPrograms(directory: string, arch: string): Promise<void> {
  for (const name of ['bin', 'lib', 'utilbin']) {
    await mkdir(join(directory, 'root', name), { recursive: true });
    await symlink(PROGRAMS, join(directory, 'root', name, arch));
  }
  await symlink(join(SHARE, 'util'), join(directory, 'root/util'));
}

async function writeCommon(options: GridEngineOptions, layout: Layout, ownName: string) {
  const common = join(layout.directory, 'root/default/common');
  const defaults = await readFile(join(SHARE, 'default-configuration'), 'utf8');
  const names = hostNames(options);
  const local = names.map(
    (name, i) =>
      [
        `local_conf/${name}`,
        { conf_name: name, conf_version: 0, ...localConfiguration(layout, i, names.length) },
      ] as const,
  );
  await writeAll(common, {
    act_qmaster: `${MASTER}\n`,
    bootstrap: table(bootstrap(layout)),
    cluster_name: 'default\n',
    configuration: table({
      conf_name: 'global',
      ...attributesIn(defaults),
      ...globalConfiguration(options, layout),
    }),
    // Whatever this machine is called elsewhere, those who submit here are where qmaster is.
    host_aliases: ownName === MASTER ? '' : `${MASTER} ${ownName}\n`,
    sched_configuration: table(SCHEDULER),
    ...Object.fromEntries(local.map(([name, attributes]) => [name, table(attributes)])),
  });
}

async function writeSpool(options: GridEngineOptions, layout: Layout): Promise<void> {
  const spool = join(layout.directory, 'spool/qmaster');
  const hosts = hostNames(options);
  const all = [MASTER, ...hosts];
  const files: Record<string, string> = {
    managers: `${layout.user}\n`,
    // Otherwise it complains, and guesses.
    jobseqnum: '0\n',
    arseqnum: '0\n',
    'hostgroups/@allhosts': table({ group_name: '@allhosts', hostlist: hosts.join(' ') }),
    'cqueues/all.q': table(queueConfiguration(options, layout)),
  };
  for (const hostname of all) files[`admin_hosts/${hostname}`] = table({ hostname });
  for (const hostname of all) files[`submit_hosts/${hostname}`] = table({ hostname });
  for (const name of hosts) files[`exec_hosts/${name}`] = table(executionHost(name));
  for (const name of hosts) files[`qinstances/all.q/${name}`] = table(queueInstance(name));
  for (const it of parallelEnvironments(options))
    files[`pe/${it.name}`] = table(parallelConfiguration(it));
  await writeAll(spool, files);
  await mkdir(join(spool, 'job_scripts'));
  for (const name of ['centry', 'usersets']) {
    await cp(join(SHARE, 'util/resources', name), join(spool, name), { recursive: true });
  }
}

async function writeAll(directory: string, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** As Grid Engine writes what it keeps. */
function table(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

function attributesIn(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^\w/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.split(/\s+/, 1)[0], line.replace(/^\w+\s+/, '')]),
  );
}

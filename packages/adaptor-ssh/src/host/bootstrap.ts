/** What a host has: where its cache is, which Node.js, and what of ours is there already. PURE. */
import { AdaptorError, shellQuote } from '@pstar/core/adaptor';
import { answers, calls, SHELL_FUNCTIONS } from './shell-functions.ts';

/** The oldest Node.js that agents run on. */
const NODE_MIN = [20, 19] as const;
/** An upload that nobody has finished in a day will not be finished. */
const STALE_DAYS = 1;
/** For the files of a pilot itself. */
const SLACK_KIB = 128;

/** A file that is to be in the cache, called after what is in it. */
export interface CacheFile {
  readonly name: string;
  /** SHA-256, in hexadecimal digits. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

/** What is looked for. */
export interface BootstrapQuestion {
  /** `agent.node`: this and no other. */
  readonly node?: string;
  /** `agent.scratch`: where the cache is when the home directory takes none. */
  readonly scratch?: string;
  /** Run in a shell that is asked for its Node.js where there is no other. */
  readonly initCommands: readonly string[];
  /** What may be needed, and may be there. */
  readonly files: readonly CacheFile[];
}

/** A Node.js that was found. */
export interface FoundNode {
  readonly path: string;
  /** `20.20.2`; undefined when it does not run. */
  readonly version?: string;
  /** `linux`, `x64` */
  readonly platform?: string;
  readonly arch?: string;
  readonly libc?: 'glibc' | 'musl';
  /** Why it does not run. */
  readonly problem?: string;
}

/** The answer of a host. */
export interface HostFacts {
  /** `Linux`, `x86_64`: as uname has it. */
  readonly system: string;
  readonly machine: string;
  readonly home: string;
  /** What its other shells use. */
  readonly libc: 'glibc' | 'musl';
  /** A directory that can be written to. */
  readonly cache?: string;
  /** Why there is none. */
  readonly cacheProblem?: string;
  /** In the order in which they were looked for; the last one may do. */
  readonly nodes: readonly FoundNode[];
  /** The names of files that are in the cache, undamaged. */
  readonly files: ReadonlySet<string>;
}

/** In the language of the oldest Node.js there may be. */
const ABOUT_NODE = `var v = process.versions.node.split(".");
process.stdout.write(["ran", v.join("."), process.platform, process.arch].join(" "));
process.exit(v[0] > ${NODE_MIN[0]} || (v[0] == ${NODE_MIN[0]} && v[1] >= ${NODE_MIN[1]}) ? 0 : 9);`;

/** Where people and their tools put it. */
const PLACES = [
  '/usr/local/bin/node',
  '/usr/bin/node',
  '"$HOME"/.local/bin/node',
  '"$HOME"/.volta/bin/node',
  '"$HOME"/.nvm/versions/node/*/bin/node',
  '"$HOME"/.local/share/fnm/node-versions/*/installation/bin/node',
  '"$HOME"/.asdf/installs/nodejs/*/bin/node',
  '/opt/node*/bin/node',
  '/usr/local/node*/bin/node',
  '/snap/bin/node',
];

/** The script that asks. */
export function bootstrapScript({ node, scratch, initCommands, files }: BootstrapQuestion): string {
  const quotedScratch = scratch === undefined ? '' : `${shellQuote(scratch)}/.cache/pstar`;
  return `${SHELL_FUNCTIONS}
umask 077
say system "$(uname -s)" "$(uname -m)"
say home "$HOME"
case $(ls /lib/ld-musl-* 2>/dev/null; ls -d /lib*/ld-linux* /lib/*/ld-linux* 2>/dev/null) in
*ld-linux*) say libc glibc ;;
*ld-musl*) say libc musl ;;
esac

# Whether files can be made in a directory, which is made; leaves in $problem why not.
takes_files() {
  problem=$( (mkdir -p "$1" && : >"$1/.try.$$" && rm -f "$1/.try.$$") 2>&1)
}

# What is there undamaged goes into $found, and how many KiB have to be brought into $needed.
check() {
  if [ -f "$cache/$1" ] && [ "$(hash_of "$cache/$1")" = "$2" ]; then
    found="$found $1"
  else
    needed=$((needed + $3))
  fi
}

has_room() {
  found='' needed=${SLACK_KIB}
${calls(
  '  check',
  files.map(({ name, hash, size }) => [name, hash, `${Math.ceil(size / 1024)}`]),
)}
  set -- $(df -Pk "$cache" 2>/dev/null | tail -n 1)
  [ -z "$4" ] && return
  problem="$6 is full: $4 KiB free, and $needed KiB needed"
  [ "$4" -ge "$needed" ]
}

first_problem=
for cache in "\${XDG_CACHE_HOME:-$HOME/.cache}/pstar" ${quotedScratch}; do
  takes_files "$cache" && has_room && break
  first_problem=\${first_problem:-$problem}
  cache=
done
if [ -n "$cache" ]; then
  say cache "$cache"
  say have $found
  find "$cache" -maxdepth 1 -name '.*' -type f -mtime +${STALE_DAYS} -exec rm -f {} + 2>/dev/null
else
  say nocache "$first_problem"
fi

tried=' '
# Whether this Node.js will do.
try() {
  case $tried in *" $1 "*) return 1 ;; esac
  tried="$tried$1 "
  [ -f "$1" ] || return 1
  said=$("$1" -e ${shellQuote(ABOUT_NODE)} 2>&1 </dev/null)
  code=$?
  libc=glibc
  head -c 4096 "$1" 2>/dev/null | grep -q ld-musl && libc=musl
  case $said in
  "ran "*) say node "$libc" "\${said#ran }" "$1" ;;
  *) say broken "$1:" $said ;;
  esac
  return $code
}

# The last line: a profile may greet.
path_of_node() {
  "$@" 2>/dev/null </dev/null | grep '^/' | tail -n 1
}

${nodeSearch(node, initCommands)}

:
`;
}

function nodeSearch(node: string | undefined, initCommands: readonly string[]): string {
  if (node !== undefined) {
    const quoted = shellQuote(node);
    const path = node.includes('/') ? quoted : `"$(command -v ${quoted})"`;
    return `path=${path}\n[ -z "$path" ] || try "$path"`;
  }
  const afterInit = [...initCommands.map((each) => `eval ${shellQuote(each)}`), 'command -v node'];
  return `search() {
  path=$(command -v node) && try "$path" && return
  path=$(path_of_node "\${SHELL:-/bin/sh}" -l -c 'command -v node') && try "$path" && return
  for path in ${PLACES.join(' ')}; do
    try "$path" && return
  done
${initCommands.length === 0 ? '' : `  path=$(path_of_node /bin/sh -c ${shellQuote(afterInit.join('\n'))}) && try "$path"\n`}}
search`;
}

/** Reads what the script has said. */
export function readFacts(stdout: string): HostFacts {
  const said = answers(stdout);
  const of = (key: string) => said.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const text = (key: string) => of(key)[0]?.join(' ');
  const [system = '', machine = ''] = of('system')[0] ?? [];
  const [cache, cacheProblem] = [text('cache'), text('nocache')];
  return {
    system,
    machine,
    home: text('home') ?? '',
    libc: text('libc') === 'musl' ? 'musl' : 'glibc',
    ...(cache !== undefined && { cache }),
    ...(cacheProblem !== undefined && { cacheProblem }),
    nodes: said.flatMap(([kind, ...words]) => foundNode(kind, words) ?? []),
    files: new Set(of('have')[0]),
  };
}

function foundNode(kind: string | undefined, words: readonly string[]): FoundNode | undefined {
  if (kind === 'node') {
    const [libc, version = '', platform = '', arch = '', ...path] = words;
    return {
      path: path.join(' '),
      version,
      platform,
      arch,
      libc: libc === 'musl' ? libc : 'glibc',
    };
  }
  if (kind !== 'broken') return undefined;
  const [path = '', problem = ''] = words.join(' ').split(/: (.*)/s);
  return { path, problem };
}

function isNewEnough(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** The Node.js for agents: the first that will do. */
export function nodeOf({ nodes }: HostFacts): FoundNode | undefined {
  return nodes.find(({ version }) => isNewEnough(version));
}

/** What to say where there is none: what was found, where, and the ways out. */
export function noNode(host: string, { nodes }: HostFacts, wanted?: string): AdaptorError {
  const found = nodes.map(({ path, version, problem }) =>
    version === undefined ? `${path} does not run: ${problem}` : `${path} is ${version}`,
  );
  const needed = `agents need Node.js ${NODE_MIN.join('.')} or newer`;
  const instead =
    wanted === undefined
      ? 'there is none in PATH, in that of a login shell, nor in the usual places'
      : `there is no ${wanted}`;
  return new AdaptorError('NOT_FOUND', `${needed}; ${found.join('; ') || instead}`, {
    subject: host,
    hint:
      "name one by agent: { node: '/path/to/node' }, have initCommands bring one into PATH, " +
      'or send this one along by agent: { sendNode: true }',
  });
}

/** What to say where nothing can be written. */
export function noCache(host: string, { cacheProblem = '' }: HostFacts): AdaptorError {
  const words = cacheProblem.replace(/^.*?: (?=mkdir|cannot)/, '');
  const isFull = /No space left|quota|is full/i.test(words);
  return new AdaptorError(
    isFull ? 'ADAPTOR_FAILED' : 'PERMISSION_DENIED',
    `nothing can be written there: ${words}`,
    {
      subject: host,
      hint:
        "name a directory that takes files by agent: { scratch: '/path' }, or have XDG_CACHE_HOME " +
        'set over there',
    },
  );
}

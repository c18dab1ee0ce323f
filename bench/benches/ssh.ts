/** Pilots by ssh, as ratios to what ssh and scp take on the same machine. */
import { run } from '../ceilings.ts';
import { type Bench, type Figure, measured, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const START = 'ssh-start';
const ECHO = 'ssh-echo';
const OURS = 'ssh-staging';
const SCP = 'ssh-copying';
const PIPE = 'tls-pipe';

/** The start of a pilot, messages through tunnels, files there and back; on real servers on this machine. */
export function sshBench(rounds: Rounds, say: (line: string) => void): Bench {
  return {
    name: 'ssh',
    rounds: 3,
    runners: async () => {
      const found = await run('sh', ['-c', 'PATH="$PATH:/usr/sbin"; command -v sshd scp']).catch(
        () => undefined,
      );
      if (found === undefined) {
        say('OpenSSH is not installed, and is left out: test/clusters/ssh/install.sh gets it');
        return [];
      }
      return [START, ECHO, OURS, SCP, PIPE].map((name) => rounds.runner(name));
    },
    figures: [
      {
        title: 'until the first unit of a pilot is done, first time',
        unit: 's',
        of: measured(START, 'cold'),
      },
      within(START, 'cold', 'of ssh host true'),
      {
        title: 'until the same, with all of ours on the host',
        unit: 's',
        of: measured(START, 'cached'),
      },
      within(START, 'cached', 'of ssh host true'),
      {
        title: 'a message through a forwarded port and back',
        unit: 'µs',
        of: measured(ECHO, 'forwarded'),
      },
      within(ECHO, 'forwarded', "of a bare channel's, with cat behind it"),
      { title: 'the same by a relay', unit: 'µs', of: measured(ECHO, 'relayed') },
      within(ECHO, 'relayed', 'of the bare channel'),
      ...files('large', 'a file of 1 GiB', 'MB a second', 'scp', 0.8),
      pipe('largeIn', 'to the host, of a bare TLS pipe'),
      pipe('largeOut', 'back home, of the same'),
      ...files('small', '10,000 files of 1 KiB in a directory', 'files a second', 'scp -r', 10),
    ],
  };
}

function within(runner: string, name: string, title: string): Figure {
  return { title, unit: '×', of: (round) => ratio(round[runner]?.[name], round[runner]?.['bare']) };
}

function files(
  what: string,
  title: string,
  unit: string,
  rival: string,
  atLeast: number,
): Figure[] {
  const ways = { In: 'to the host', Out: 'back home' };
  return Object.entries(ways).flatMap(([way, words]) => {
    const name = `${what}${way}`;
    return [
      { title: `${title}, ${words}`, unit, of: measured(OURS, name) },
      {
        title: `of ${rival}`,
        unit: '×',
        target: { atLeast },
        of: (round) => ratio(round[OURS]?.[name], round[SCP]?.[name]),
      },
    ] satisfies Figure[];
  });
}

function pipe(name: string, title: string): Figure {
  return {
    title,
    unit: '×',
    of: (round) => ratio(round[OURS]?.[name], round[PIPE]?.['perSecond']),
  };
}

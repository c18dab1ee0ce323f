/** Files that travel with units, to a node that shares none. */
import { type Bench, type Figure, measured, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const OURS = 'staging';
const PIPE = 'tls-pipe';
const COPY = 'copying';

/** One large file and many small ones, there and back. */
export function stagingBench(rounds: Rounds): Bench {
  return {
    name: 'staging',
    rounds: 3,
    runners: async () => [OURS, PIPE, COPY].map((name) => rounds.runner(name)),
    figures: [
      ...bothWays('large', 'a file of 1 GiB', 'MB a second'),
      against('largeIn', PIPE, 'perSecond', 'to the node, of a bare TLS pipe'),
      against('largeOut', PIPE, 'perSecond', 'back home, of the same'),
      against('largeIn', COPY, 'large', 'to the node, of cp on the same disk'),
      ...bothWays('small', '10,000 files of 1 KiB in a directory', 'files a second'),
      against('smallIn', COPY, 'small', 'to the node, of cp -r on the same disk'),
      against('smallOut', COPY, 'small', 'back home, of the same'),
      {
        title: '10,000 units with a file of 1 KiB each',
        unit: 'a second',
        of: measured(OURS, 'eachIn'),
      },
    ],
  };
}

function bothWays(what: string, title: string, unit: string): Figure[] {
  return [
    { title: `${title}, to the node`, unit, of: measured(OURS, `${what}In`) },
    { title: 'the same, back home', unit, of: measured(OURS, `${what}Out`) },
  ];
}

function against(ours: string, other: string, name: string, title: string): Figure {
  return { title, unit: '×', of: (round) => ratio(round[OURS]?.[ours], round[other]?.[name]) };
}

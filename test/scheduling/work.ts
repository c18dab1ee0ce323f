/** Work of many sizes, drawn under a seed: the same seed, the same work. */
import { Random } from '../simulation/random.ts';
import type { Unit } from './unit.ts';

/** What descriptions say of run times: nothing, the order of magnitude, or any other. */
export type Estimates = 'none' | 'right' | 'wrong';

/** Powers of two and what lies between them. */
const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 32, 48, 64];
/** Those of a node with a few cores. */
const NARROW = [1, 1, 1, 2, 4];

/** So many independent units, 1 core to `widest`, 10 ms to 100 s. */
export function mixed(seed: number, count: number, widest: number, estimates: Estimates): Unit[] {
  const random = new Random(seed);
  const widths = WIDTHS.filter((cores) => cores <= widest);
  return Array.from({ length: count }, () => {
    const runMs = logUniform(random, 10, 100_000);
    const estimateMs = estimate(random, runMs, estimates);
    return { cores: random.pick(widths), runMs, ...(estimateMs !== undefined && { estimateMs }) };
  });
}

/** Layers of units that each wait for up to three of the layer before, 10 ms to 10 s. */
export function layered(seed: number, layers: number, perLayer: number): Unit[] {
  const random = new Random(seed);
  return Array.from({ length: layers * perLayer }, (_, unit) => {
    const first = (Math.floor(unit / perLayer) - 1) * perLayer;
    const draw = () => first + random.between(0, perLayer - 1);
    const after = first < 0 ? [] : [...new Set([draw(), draw(), draw()])];
    return { cores: random.pick(NARROW), runMs: logUniform(random, 10, 10_000), after };
  });
}

/** Units of one core that are alike but for their run times: many short ones, then some long. */
export function shortThenLong(short: number, long: number): Unit[] {
  return [...alike(short, { cores: 1, runMs: 10 }), ...alike(long, { cores: 1, runMs: 10_000 })];
}

/** So many of the same. */
export function alike(count: number, unit: Unit): Unit[] {
  return Array.from({ length: count }, () => unit);
}

/** In whole milliseconds: the last bits of a power may differ from machine to machine. */
function logUniform(random: Random, least: number, most: number): number {
  return Math.round(least * (most / least) ** random.fraction());
}

function estimate(random: Random, runMs: number, estimates: Estimates): number | undefined {
  if (estimates === 'none') return undefined;
  return 10 ** (estimates === 'right' ? Math.round(Math.log10(runMs)) : random.between(1, 5));
}

/** Durations and sizes as people write them: `'1h30m'`, `'4GiB'`. */
import { DescriptionError } from './errors.ts';
import { written } from './written.ts';

/** Far beyond any program's life, and still a time when it is added to the present one. */
export const DURATION_MAX_S = 1e11;

const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  // Resource managers mean powers of two by these, so we do too.
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

const NUMBER = String.raw`\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const PART = new RegExp(String.raw`\s*(${NUMBER})\s*([a-zA-Z]+)\s*`, 'y');
const CLOCK = /^(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)$/;

/**
 * Seconds of `90`, `'1h30m'`, `'250 ms'`, `'01:30:00'` or `'1-12:00:00'`.
 *
 * A number in a string is refused without a unit: Slurm would take `'90'` for minutes.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`, without a subject.
 */
export function parseDuration(value: number | string): number {
  const hint = "write seconds, or '1h30m'";
  const take = (seconds: number) => checked(seconds, DURATION_MAX_S, value, 'duration', hint);
  if (typeof value !== 'string') return take(value);
  const clock = CLOCK.exec(value.trim());
  if (clock) {
    const [days, hours, minutes, seconds] = clock.slice(1).map((digits) => Number(digits ?? 0));
    return take((days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0));
  }
  return take(sumOf(value, SECONDS));
}

/**
 * Bytes of `4096`, `'4GiB'`, `'1.5 GB'` or `'512M'`, rounded to whole ones.
 *
 * kB, MB, GB and TB are powers of ten; KiB … TiB and K … T are powers of two.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`, without a subject.
 */
export function parseSize(value: number | string): number {
  const bytes = typeof value === 'string' ? Math.round(sumOf(value, BYTES)) : value;
  return checked(bytes, Number.MAX_SAFE_INTEGER, value, 'size', "write bytes, or '4GiB'");
}

/** Writes seconds so that {@link parseDuration} reads exactly them: `1h30m`. */
export function formatDuration(seconds: number): string {
  let rest = Math.round(seconds * 1000);
  if (rest <= 0 || rest / 1000 !== seconds || !Number.isSafeInteger(rest)) return `${seconds}s`;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const length = unit === 'ms' ? 1 : (SECONDS[unit] ?? 0) * 1000;
    const count = Math.floor(rest / length);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * length;
  }
  return text;
}

/** Writes bytes so that {@link parseSize} reads exactly them: `4GiB`, `1536MiB`, `1000B`. */
export function formatSize(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => bytes % (BYTES[name] ?? 1) === 0);
  return bytes === 0 || !unit ? `${bytes}B` : `${bytes / (BYTES[unit] ?? 1)}${unit}`;
}

/** Writes bytes for people, to three figures or so: `15.6 GiB`. */
export function approximateSize(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => bytes >= (BYTES[name] ?? 1)) ?? 'B';
  const amount = bytes / (BYTES[unit] ?? 1);
  return `${Number(amount.toFixed(amount < 100 ? 1 : 0))} ${unit}`;
}

/** Two sizes as {@link approximateSize} writes them, but exactly where they would look the same. */
export function approximateSizes(one: number, other: number): [string, string] {
  const rounded: [string, string] = [approximateSize(one), approximateSize(other)];
  return rounded[0] === rounded[1] ? [formatSize(one), formatSize(other)] : rounded;
}

/** The sum of parts like `1h` and `30m`; NaN for what is none. */
function sumOf(text: string, units: Readonly<Record<string, number>>): number {
  let sum = 0;
  let milliseconds = 0;
  PART.lastIndex = 0;
  do {
    const [, amount, unit] = PART.exec(text) ?? [];
    const scale = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
    if (scale === undefined) return Number.NaN;
    if (unit === 'ms') milliseconds += Number(amount);
    else sum += Number(amount) * scale;
  } while (PART.lastIndex < text.length);
  // Divided once at the end: a thousandth has no exact binary form, so sums of them would drift.
  return milliseconds === 0 ? sum : (sum * 1000 + milliseconds) / 1000;
}

function checked(
  amount: number,
  most: number,
  given: number | string,
  what: string,
  hint: string,
): number {
  if (Number.isFinite(amount) && amount >= 0 && amount <= most) return amount;
  const problem =
    Number.isFinite(amount) && amount > most ? `is too much for a ${what}` : `is no ${what}`;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(given)} ${problem}`, { hint });
}

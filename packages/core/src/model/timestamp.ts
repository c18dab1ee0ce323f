/**
 * Points in time as users write them. Counted out by hand: what a string means here depends on no
 * clock and on no time zone of the machine.
 */
import { DescriptionError } from './errors.ts';
import { written } from './written.ts';

export type Time = Date;

const HINT = "write '2026-03-01T09:00:00Z', a Date, or seconds since the epoch";
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?:Z|([+-])(\d\d):?([0-5]\d))$/;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
// Later than this, in the year 5138, is not meant: somebody has passed milliseconds.
const SECONDS_MAX = 1e11;

/**
 * Milliseconds since the epoch of a Date, an ISO 8601 string with its offset, or seconds.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`, without a subject.
 */
export function parseTimestamp(value: Time | string | number): number {
  const milliseconds =
    typeof value === 'number'
      ? ofSeconds(value)
      : typeof value === 'string'
        ? ofIso(value)
        : (value as Partial<Time> | null)?.getTime?.();
  if (milliseconds !== undefined && Number.isFinite(milliseconds)) return milliseconds;
  throw new DescriptionError('DESCRIPTION_INVALID', `${written(value)} is no time`, { hint: HINT });
}

/** Writes milliseconds since the epoch so that {@link parseTimestamp} reads exactly them. */
export function formatTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function ofSeconds(seconds: number): number | undefined {
  return Math.abs(seconds) <= SECONDS_MAX ? Math.round(seconds * 1000) : undefined;
}

function ofIso(text: string): number | undefined {
  const match = ISO.exec(text.trim());
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  const east = (Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0)) * (match[7] === '-' ? -1 : 1);
  const minutes = (daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute - east;
  return minutes * 60_000 + Math.round(second * 1000);
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const ofYear = (DAYS_BEFORE_MONTH[month - 1] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0);
  // 719,162 days of the proleptic Gregorian calendar lie before 1970.
  return before * 365 + leapDays + ofYear + day - 1 - 719_162;
}

function daysOf(year: number, month: number): number {
  const days = (DAYS_BEFORE_MONTH[month] ?? 0) - (DAYS_BEFORE_MONTH[month - 1] ?? 0);
  return month === 2 && isLeap(year) ? days + 1 : days;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

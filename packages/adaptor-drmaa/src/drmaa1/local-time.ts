/** Points in time as a library's process would show them on a clock on the wall. */

/** `CCYY/MM/DD hh:mm[:ss] {+|-}UU:uu`: nothing is left to whoever reads it. */
const COMPLETE = /^(\d{4})\/(\d\d)\/(\d\d) +(\d\d):(\d\d)(?::(\d\d))? *([+-]\d\d:\d\d)$/;
/** Any text of the standard's that ends with an offset. */
const OFFSET = /:\d\d *[+-]\d\d?:?\d\d$/;

/**
 * Writes a point in time as the same one without an offset, in a time zone or in this program's own.
 * What has no offset stays as it is; undefined for what cannot be written.
 */
export function withoutOffset(text: string, timeZone: string | undefined): string | undefined {
  if (!OFFSET.test(text.trim())) return text;
  const [, year, month, day, hour, minute, second = '00', offset] =
    COMPLETE.exec(text.trim()) ?? [];
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  return Number.isNaN(time.getTime()) ? undefined : clockTime(time, timeZone);
}

function clockTime(time: Date, timeZone: string | undefined): string | undefined {
  const numeric = '2-digit';
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      year: 'numeric',
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
      hourCycle: 'h23',
      ...(timeZone && { timeZone: timeZone.replace(/^:/, '') }),
    });
    const parts = format.formatToParts(time).map(({ type, value }) => [type, value]);
    const { year, month, day, hour, minute, second } = Object.fromEntries(parts);
    return `${year}/${month}/${day} ${hour}:${minute}:${second}`;
  } catch {
    // The zone is of a kind that only C knows.
    return undefined;
  }
}

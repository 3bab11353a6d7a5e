/**
 * Dates of the API and of HTTP, as pure functions of milliseconds. The only file beside the clock that may say `Date`.
 */
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The platform's form, `Tue, 30 Sep 2014 16:07:36 +0000`: day not padded, literal `+0000` (old clients parse just that). */
export function apiDate(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${DAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** RFC 3339 with milliseconds. */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString();
}

const HTTP_DATE = /^(?:\w{3}, )?(\d{1,2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|\+0000)$/;

/** Milliseconds of an API date or an IMF-fixdate; undefined for anything else (`Date.parse` guesses, this does not). */
export function parseDate(text: string): number | undefined {
  const match = HTTP_DATE.exec(text);
  if (match === null) return undefined;
  const month = MONTHS.indexOf(match[2] ?? '');
  if (month === -1) return undefined;
  const [day, year, hour, minute, second] = [match[1], match[3], match[4], match[5], match[6]].map(Number);
  return Date.UTC(year ?? 0, month, day, hour, minute, second);
}

/** Milliseconds of an RFC 3339 time, cut after the milliseconds; undefined for anything else and for year 1 (Docker's "never"). */
export function parseIso(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?\d*(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null || text.startsWith('0001-')) return undefined;
  const ms = Date.parse(`${match[1]}${match[2] ?? ''}${match[3]}`);
  return Number.isNaN(ms) ? undefined : ms;
}

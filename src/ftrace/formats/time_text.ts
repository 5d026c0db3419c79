// Time stamps of other formats as the tracer spells them: seconds, a point, and a fraction.

const NS_DIGITS = 9;
/** babeltrace2 prints the time of day, with --clock-date behind its date. */
const CLOCK = /^(?:\d{4}-\d\d-\d\d )?(\d\d):(\d\d):(\d\d)(\.\d+)?$/;

/** Digits of a count of nanoseconds. */
export function nanoseconds(digits: string): string {
  const padded = digits.replace(/^0+(?=\d)/, '').padStart(NS_DIGITS + 1, '0');
  return `${padded.slice(0, -NS_DIGITS)}.${padded.slice(-NS_DIGITS)}`;
}

/** Seconds with a fraction as they are, a bare count as nanoseconds, a time of day as seconds; undefined for others. */
export function secondsOf(text: string): string | undefined {
  if (/^\d+\.\d+$/.test(text)) return text;
  if (/^\d{1,20}$/.test(text)) return nanoseconds(text);
  const [whole, hours, minutes, seconds, fraction = ''] = CLOCK.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return `${Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)}${fraction}`;
}

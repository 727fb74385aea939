/** English names, day before month. */
const LOCALE = 'en-GB';

/** How finely a moment is shown. */
type TimePrecision = 'minute' | 'second';

/**
 * A moment as a short local date and time: `14:05:09` today, `5 Feb, 14:05` this year, `5 Feb 2024, 14:05` before.
 *
 * @param iso ISO 8601.
 * @param timeZone IANA name; absent means the reader's own. The server, which cannot know it, passes `UTC`.
 */
export function formatMoment(iso: string, now: Date = new Date(), timeZone?: string): string {
	const moment = new Date(iso);
	if (Number.isNaN(moment.getTime())) return iso;
	const day = (date: Date) => date.toLocaleDateString('sv-SE', { timeZone });
	if (day(moment) === day(now)) return clock(moment, 'second', timeZone);
	const sameYear = day(moment).slice(0, 4) === day(now).slice(0, 4);
	const date = moment.toLocaleDateString(LOCALE, {
		timeZone,
		day: 'numeric',
		month: 'short',
		...(sameYear ? {} : { year: 'numeric' })
	});
	return `${date}, ${clock(moment, 'minute', timeZone)}`;
}

/** Everything there is to say about a moment, for a tooltip or a page about it: `5 Feb 2026, 14:05:09 UTC`. */
export function formatFullMoment(iso: string, timeZone?: string): string {
	const moment = new Date(iso);
	if (Number.isNaN(moment.getTime())) return iso;
	return moment.toLocaleString(LOCALE, {
		timeZone,
		day: 'numeric',
		month: 'short',
		year: 'numeric',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
		hourCycle: 'h23',
		timeZoneName: 'short'
	});
}

/**
 * A tick on a time axis, only as fine as the axis is wide: clock within two days, date and clock within ten, date
 * beyond. Empty between two seconds.
 *
 * @param span_ms width of the whole axis, in milliseconds.
 */
export function formatTick(moment: Date, span_ms: number, timeZone?: string): string {
	const hours = span_ms / 3_600_000;
	// On an axis of a few seconds there are ticks between two of them.
	if (hours <= 0.1) return moment.getMilliseconds() === 0 ? clock(moment, 'second', timeZone) : '';
	if (hours <= 48) return clock(moment, 'minute', timeZone);
	const date = moment.toLocaleDateString(LOCALE, { timeZone, day: 'numeric', month: 'short' });
	const atMidnight = clock(moment, 'minute', timeZone) === '00:00';
	return hours <= 240 && !atMidnight ? `${date} ${clock(moment, 'minute', timeZone)}` : date;
}

function clock(moment: Date, precision: TimePrecision, timeZone?: string): string {
	return moment.toLocaleTimeString(LOCALE, {
		timeZone,
		hour: '2-digit',
		minute: '2-digit',
		...(precision === 'second' ? { second: '2-digit' } : {}),
		hourCycle: 'h23'
	});
}

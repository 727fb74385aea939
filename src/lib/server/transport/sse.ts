import type { RunEvent, RunEvents } from '#lib/server/run/event-log.ts';

/** Longest silence on an open stream, in milliseconds; proxies commonly give up after 60 s. */
const HEARTBEAT_MS = 10_000;
/** Events that go into one write at most. */
const BATCH = 256;
/** No event is added to a write of so many characters: what a reader does not take is kept for it once more. */
const WRITE_CHARACTERS = 65_536;
/**
 * A comment line without the blank line that would make it an event: some clients hand an empty message to their
 * user for every blank line. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
const HEARTBEAT = ':hb\n';
/** How often somebody who waits for a turn is told the place in the line, in milliseconds. */
const QUEUED_EVERY_MS = 1000;

/** Headers of an event stream; the content type is exact because adapters and proxies compare it as a whole. */
export const SSE_HEADERS = {
	'content-type': 'text/event-stream',
	'cache-control': 'no-cache, no-transform',
	'x-accel-buffering': 'no'
} as const;

interface EventStreamOptions {
	heartbeatMs?: number;
	ahead?: () => number | null;
}

/** Name of an event's place in a run, as it stands in the `id` line: `<trace_id>:<seq>`. */
export function eventId(traceId: string, seq: number): string {
	return `${traceId}:${seq}`;
}

/** Reads `<trace_id>:<seq>` back; null when it is not such a name. */
export function parseEventId(id: string): { traceId: string; seq: number } | null {
	const [, traceId, seq] = /^([\w-]{1,100}):(\d{1,9})$/.exec(id) ?? [];
	return traceId && seq ? { traceId, seq: Number(seq) } : null;
}

/**
 * One event as it goes over the wire: an id line, one data line of JSON, a blank line. JSON escapes the line ends that
 * would break the frame (CR and LF); others, such as U+2028, end no line in an event stream.
 */
export function frameEvent(traceId: string, { seq, event }: RunEvent): string {
	return `id: ${eventId(traceId, seq)}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * The body of an event stream. It reads when the client does (backpressure); what is ready goes into one write; while
 * nothing happens it sends heartbeats, the first one at once, so that the client has its headers before the
 * first event. As long as the run waits for its turn, the comment `: queued 3` tells its place in the line instead. It never
 * errors; when the client leaves, the listener leaves.
 * @param options.ahead how many answers come before this one; null when it does not wait.
 */
export function eventStream(
	traceId: string,
	events: RunEvents,
	{ heartbeatMs = HEARTBEAT_MS, ahead = () => null }: EventStreamOptions = {}
): ReadableStream<Uint8Array> {
	const encoder = new TextEncoder();
	const silence = () => (ahead() === null ? heartbeatMs : Math.min(heartbeatMs, QUEUED_EVERY_MS));
	let ready: RunEvent[] = [];
	/** Since when the client waits for the next event; null while it does not. */
	let waitsSince: number | null = null;
	/** Set once for many events: when it fires it looks how long the silence has really been. */
	let timer: ReturnType<typeof setTimeout> | undefined;
	let isFirst = true;

	function watch(controller: ReadableStreamDefaultController<Uint8Array>, milliseconds: number): void {
		timer = setTimeout(() => {
			timer = undefined;
			if (waitsSince === null) return;
			const left = isFirst ? 0 : silence() - (performance.now() - waitsSince);
			if (left > 0) return watch(controller, left);
			isFirst = false;
			waitsSince = performance.now();
			const before = ahead();
			const comment = before === null ? HEARTBEAT : `: queued ${before + 1}\n`;
			// Nothing for a client that has not taken the last one yet.
			if (controller.desiredSize === 0) controller.enqueue(encoder.encode(comment));
			watch(controller, silence());
		}, milliseconds);
	}

	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				if (ready.length === 0) {
					waitsSince = performance.now();
					if (timer === undefined) watch(controller, isFirst ? 0 : silence());
					ready = await events.nextBatch(BATCH);
					isFirst = false;
					waitsSince = null;
				}
				if (ready.length > 0) return controller.enqueue(encoder.encode(takeFrames(traceId, ready)));
				clearTimeout(timer);
				controller.close();
			},
			cancel() {
				clearTimeout(timer);
				events.leave();
			}
		},
		{ highWaterMark: 0 }
	);
}

/** Takes events out, as many as go into one write. */
function takeFrames(traceId: string, ready: RunEvent[]): string {
	let text = '';
	let count = 0;
	while (count < ready.length && text.length < WRITE_CHARACTERS) {
		text += frameEvent(traceId, ready[count]!);
		count += 1;
	}
	ready.splice(0, count);
	return text;
}

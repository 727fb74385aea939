import { createParser } from 'eventsource-parser';
import { AppError } from '#lib/server/error.ts';

/** No event of a chat completion is longer; a server that sends more without an end is broken. In characters. */
const LONGEST_EVENT = 16 * 1024 * 1024;

/** An error between events is shorter. In characters. */
const LONGEST_STRAY = 64 * 1024;

/** A comment, such as a queueing server sends, or a field: neither JSON nor HTML has such a line. */
const LINE_OF_A_STREAM = /^(?::|(?:data|event|id|retry):)/m;

export interface ServerSentEvent {
	/** Name of the event; undefined for ordinary ones. */
	name: string | undefined;
	data: string;
}

/**
 * Splits the bytes of a `text/event-stream` into its events, wherever the bytes are cut: inside a character, a line end or
 * a name. Keeps the text of a body that turns out to hold no event at all, so that its reader can look what it was.
 */
export class EventStreamReader {
	readonly #decoder = new TextDecoder();
	readonly #parser;
	#events: ServerSentEvent[] = [];
	#seen = false;
	#tooLong = false;
	#plainText = '';
	/** Lines between events that are no fields. */
	#stray = '';

	constructor() {
		this.#parser = createParser({
			maxBufferSize: LONGEST_EVENT,
			onEvent: ({ event, data }) => {
				this.#seen = true;
				this.#plainText = '';
				this.#stray = '';
				this.#events.push({ name: event, data });
			},
			onError: ({ type, line }) => {
				if (type === 'max-buffer-size-exceeded') this.#tooLong = true;
				else if (this.#seen && line !== undefined) this.#takeStray(line);
			}
		});
	}

	/**
	 * The events that these bytes complete.
	 * @throws AppError `upstream_malformed` when an event does not end.
	 */
	push(bytes: Uint8Array): ServerSentEvent[] {
		return this.#feed(this.#decoder.decode(bytes, { stream: true }));
	}

	/** The last event, when the stream ended without the blank line that should close it. */
	end(): ServerSentEvent[] {
		return this.#feed(`${this.#decoder.decode()}\n\n`);
	}

	/** The whole body, when it was no event stream at all; empty for one that held nothing but comments. */
	get plainText(): string {
		return this.#seen || LINE_OF_A_STREAM.test(this.#plainText) ? '' : this.#plainText.trim();
	}

	/** Some servers write an error into the stream as it is, on one line or several: it counts as an event once it is whole. */
	#takeStray(line: string): void {
		const text = `${this.#stray}${line}\n`;
		this.#stray = text.startsWith('{') && text.length <= LONGEST_STRAY ? text : '';
		if (!line.trimEnd().endsWith('}')) return;
		try {
			JSON.parse(this.#stray);
		} catch {
			return;
		}
		this.#events.push({ name: undefined, data: this.#stray });
		this.#stray = '';
	}

	#feed(text: string): ServerSentEvent[] {
		if (!this.#seen) this.#plainText += text;
		if (!this.#tooLong && this.#plainText.length <= LONGEST_EVENT) this.#parser.feed(text);
		else this.#tooLong = true;
		if (this.#tooLong) {
			throw new AppError('upstream_malformed', 'The model endpoint sent an answer that cannot be read.');
		}
		const events = this.#events;
		this.#events = [];
		return events;
	}
}

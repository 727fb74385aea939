import type { TracePrivacy } from '#lib/server/privacy/trace-privacy.ts';

/** How often the text so far is saved while it grows: with what the timer is late by, at least every second. */
const SAVE_EVERY_MS = 700;

/** The text of an answer while it grows: without the keys of this server, and saved every now and then. */
export class AnswerText {
	/** Length of each piece that was told, in UTF-16 code units. */
	readonly tokenLengths: number[] = [];
	readonly #concealment;
	/** What may be kept of the answer so far. */
	readonly #keepable: (answer: string) => string | null;
	readonly #save: (answer: string) => void;
	#text = '';
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param save keeps the text so far. */
	constructor(privacy: TracePrivacy, save: (answer: string) => void) {
		this.#concealment = privacy.secrets.open();
		this.#keepable = privacy.growing();
		this.#save = save;
	}

	/** The text so far as it may be kept; null when there is none. */
	get kept(): string | null {
		return this.#keepable(this.#text) || null;
	}

	/** Takes the model's next piece and gives what can be told of it now: a piece that may be the beginning of a key waits. */
	push(piece: string): string {
		return this.#told(this.#concealment.push(piece));
	}

	/** Gives what waited. Nothing is saved any more. */
	end(): string {
		const rest = this.#told(this.#concealment.end());
		clearTimeout(this.#timer);
		return rest;
	}

	#told(piece: string): string {
		if (piece === '') return '';
		this.tokenLengths.push(piece.length);
		this.#text += piece;
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			const { kept } = this;
			if (kept !== null) this.#save(kept);
		}, SAVE_EVERY_MS);
		return piece;
	}
}

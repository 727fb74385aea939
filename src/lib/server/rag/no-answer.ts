/** More than this in front of the marker's first letter, or behind its last, is no marker. */
const MOST_AROUND = 24;
const LETTERS = 'NOANSWER';

/**
 * The marker as models write it: in any case, its underscore escaped, or a blank or dash within brackets; inside quotes, emphasis or code, and with
 * a colon or stop behind it.
 */
const MARKER =
	/^[\s[\](){}【】<>"'`*_~#>:-]*(?:(?<=[[(【<{]\s*)NO[ -]|NO\\?_)ANSWER(?![\p{L}\p{N}_])[[\](){}【】<>"'`*_~\\]*[ \t]*(?:[.,:;–—-](?=\s|$))?\s*/iu;

/**
 * Reads the beginning of a model's answer for the marker that says that the sources do not answer the question. Only text that can still become
 * the marker is held back; the marker is never passed on.
 */
export class NoAnswerReader {
	/** Whether the answer began with the marker. */
	isFound = false;
	/** Null once that is decided. */
	#held: string | null = '';

	/** The text to pass on, of a piece of the answer; may be empty. */
	read(piece: string): string {
		if (this.#held === null) return piece;
		this.#held += piece;
		return isOpen(this.#held) ? '' : this.end();
	}

	/** What is still held back when the answer ends. */
	end(): string {
		const text = this.#held ?? '';
		this.#held = null;
		const marker = MARKER.exec(text)?.[0];
		this.isFound ||= marker !== undefined;
		return marker === undefined ? text : text.slice(marker.length);
	}
}

/** Whether more text can still complete the marker, or what closes it. */
function isOpen(text: string): boolean {
	const letters = text.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();
	return LETTERS.startsWith(letters) && text.length <= LETTERS.length + 2 * MOST_AROUND;
}

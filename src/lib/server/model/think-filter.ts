/** What can change the state: a reasoning tag, the backticks of code, and a blank line, which inline code cannot span. */
const MARK = /<think>|<\/think>|`+|\n\n/gi;
/** No mark is without one of these; most pieces of an answer have none. */
const MAY_MATTER = /[<`\n]/;
/** The start of a mark at the end of what has come so far: the next piece decides what it is. */
const UNFINISHED = /(?:<(?:\/?(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?)?|`+|\n+)$/i;

/**
 * Takes `<think>…</think>` blocks out of an answer that comes in pieces, as models write them whose server does not
 * separate reasoning from content. The result does not depend on where the pieces are cut. Tags in code (between
 * backticks or in a fence) are part of the answer; a block that is never closed is reasoning to its end.
 */
export class ThinkFilter {
	/** Characters of reasoning taken out so far, tags not counted. */
	removedCharacters = 0;
	#rest = '';
	#thinking = false;
	/** The backticks that opened the code we are in; empty outside code. */
	#code = '';

	/** The next piece of the answer, without reasoning; the last characters may be held back until it is clear what they are. */
	push(piece: string): string {
		if (this.#rest === '' && !this.#thinking && !MAY_MATTER.test(piece)) return piece;
		const text = this.#rest + piece;
		const unfinished = UNFINISHED.exec(text);
		const cut = unfinished ? unfinished.index : text.length;
		this.#rest = text.slice(cut);
		return this.#filter(text.slice(0, cut));
	}

	/** What was held back, once nothing more comes. */
	end(): string {
		const rest = this.#rest;
		this.#rest = '';
		return this.#filter(rest);
	}

	#filter(text: string): string {
		let answer = '';
		let from = 0;
		const keep = (to: number) => {
			if (this.#thinking) this.removedCharacters += to - from;
			else answer += text.slice(from, to);
		};
		for (const match of text.matchAll(MARK)) {
			const mark = match[0].toLowerCase();
			const end = match.index + mark.length;
			if (mark === '<think>' && !this.#thinking && !this.#code) {
				keep(match.index);
				this.#thinking = true;
				from = end;
			} else if (mark === '</think>' && this.#thinking) {
				keep(match.index);
				this.#thinking = false;
				from = end;
			} else if (mark.startsWith('`') && !this.#thinking) {
				if (!this.#code) this.#code = mark;
				else if (closes(this.#code, mark)) this.#code = '';
			} else if (mark === '\n\n' && this.#code.length < 3) {
				this.#code = '';
			}
		}
		keep(text.length);
		return answer;
	}
}

/** As CommonMark has it: inline code ends with as many backticks as it began with, a fence with at least as many. */
function closes(opening: string, mark: string): boolean {
	return opening.length >= 3 ? mark.length >= opening.length : mark.length === opening.length;
}

const NAMES = ['think', 'thinking', 'thought', 'thoughts', 'reasoning'];
const TOKENS = ['channel', 'message', 'start', 'end', 'return', 'call', 'constrain'];

/**
 * What can change the state: a reasoning tag, a token of the harmony format, the backticks of code, and a blank line, which inline code cannot
 * span.
 */
const MARK = new RegExp(
	`</?(?:${NAMES.join('|')})>|◁/?think▷|<\\|(?:${TOKENS.join('|')})\\|>|\`+|\\n\\n`,
	'gi'
);
/** No mark is without one of these; most pieces of an answer have none. */
const MAY_MATTER = /[<`\n◁]/;
/** What may be the start of a mark, at the end of what has come so far: the next piece decides what it is. */
const OPEN_END = /(?:[<◁][/|]?[a-z]*[|]?|`+|\n+)$/i;
const WHOLE_MARKS = [
	...NAMES.flatMap((name) => [`<${name}>`, `</${name}>`]),
	'◁think▷',
	'◁/think▷',
	...TOKENS.map((token) => `<|${token}|>`)
];
/** Channels of harmony whose text is the answer: https://developers.openai.com/cookbook/articles/openai-harmony */
const ANSWER_CHANNEL = /^\s*final\b/i;

/** How the text at hand is read. */
type Mode =
	| 'answer'
	/** Between tags, or in a channel of harmony that is not the answer's. */
	| 'reasoning'
	/** Between the tokens of harmony that open a message: a role, or the name of a channel. */
	| 'header';

/**
 * Takes reasoning out of an answer that comes in pieces, as models write it whose server does not separate the two: `<think>…</think>` and its
 * like, and the channels of harmony. The result does not depend on where the pieces are cut. Tags in code (between backticks or in a fence) are
 * part of the answer; a block that is never closed is reasoning to its end.
 */
export class ThinkFilter {
	/** Characters of reasoning taken out so far, tags not counted. */
	removedCharacters = 0;
	/** Whether a closing tag came on a line of its own without an opening one: all text before it was reasoning. */
	isUnopened = false;
	#rest = '';
	#mode: Mode = 'answer';
	/** The channel that a header names so far; null where it names none, which is that of the answer. */
	#channel: string | null = null;
	/** The backticks that opened the code we are in; empty outside code. */
	#code = '';
	/** Whether any tag or token has come. */
	#hasMark = false;
	/** Whether the answer so far ends with a line end, or has not begun. */
	#isAtLineStart = true;
	/** Everything so far, of a model whose reasoning has no opening tag, until the closing one comes. */
	#beforeClosing: string | null;

	/** @param startsInReasoning for models whose prompt opens the reasoning, so that only its closing tag comes. */
	constructor({ startsInReasoning = false } = {}) {
		this.#beforeClosing = startsInReasoning ? '' : null;
	}

	/** The next piece of the answer, without reasoning; the last characters may be held back until it is clear what they are. */
	push(piece: string): string {
		if (
			this.#rest === '' &&
			this.#mode === 'answer' &&
			this.#beforeClosing === null &&
			!MAY_MATTER.test(piece)
		) {
			if (piece !== '') this.#isAtLineStart &&= piece.trim() === '';
			return piece;
		}
		const text = this.#rest + piece;
		const cut = text.length - openEndOf(text);
		this.#rest = text.slice(cut);
		return this.#filter(text.slice(0, cut));
	}

	/** What was held back, once nothing more comes. */
	end(): string {
		const rest = this.#rest;
		this.#rest = '';
		const text = this.#filter(rest);
		// Without a closing tag there was no reasoning.
		return this.release() + text;
	}

	/** Gives back what was taken for reasoning without an opening tag, because reasoning comes another way. */
	release(): string {
		const text = this.#beforeClosing ?? '';
		this.#beforeClosing = null;
		this.removedCharacters -= text.length;
		return text;
	}

	#filter(text: string): string {
		let answer = '';
		let from = 0;
		const keep = (to: number) => {
			const part = text.slice(from, to);
			if (this.#mode === 'header') this.#channel = this.#channel === null ? null : this.#channel + part;
			else if (this.#mode === 'reasoning') this.removedCharacters += part.length;
			else if (this.#beforeClosing !== null) {
				this.#beforeClosing += part;
				this.removedCharacters += part.length;
			} else if (part !== '') {
				answer += part;
				this.#isAtLineStart = /(?:^|\n)[ \t]*$/.test(part) && (this.#isAtLineStart || part.includes('\n'));
			}
		};
		for (const match of text.matchAll(MARK)) {
			const mark = match[0].toLowerCase();
			const end = match.index + mark.length;
			const isMark = mark.startsWith('<') || mark.startsWith('◁');
			if (mark.startsWith('`')) {
				if (this.#mode !== 'answer') continue;
				if (!this.#code) this.#code = mark;
				else if (closes(this.#code, mark)) this.#code = '';
			} else if (!isMark) {
				if (this.#code.length < 3) this.#code = '';
			} else if (this.#isInCode(mark)) {
				continue;
			} else {
				keep(match.index);
				from = this.#enter(mark, text.slice(match.index, end)) ? end : match.index;
				this.#hasMark = true;
			}
		}
		keep(text.length);
		return answer;
	}

	/** Before a closing tag that has no opening one, backticks say little: reasoning quotes code carelessly. */
	#isInCode(mark: string): boolean {
		return this.#mode === 'answer' && this.#code !== '' && !(this.#beforeClosing !== null && isClosing(mark));
	}

	/** Changes the mode; false when the mark is text. */
	#enter(mark: string, written: string): boolean {
		if (mark.startsWith('<|')) return this.#enterHarmony(mark);
		if (isClosing(mark)) return this.#close();
		if (this.#mode !== 'answer') {
			this.removedCharacters += written.length;
			return true;
		}
		// An answer may speak of other tags than these in the middle of a line.
		if (!/^(?:<think(?:ing)?>|◁think▷)$/.test(mark) && !this.#isAtLineStart) return false;
		this.#mode = 'reasoning';
		this.#beforeClosing = null;
		return true;
	}

	#close(): boolean {
		if (this.#mode === 'reasoning') {
			this.#mode = 'answer';
			return true;
		}
		if (this.#beforeClosing !== null) {
			this.#beforeClosing = null;
			this.#code = '';
			this.#isAtLineStart = true;
			return true;
		}
		this.isUnopened ||= !this.#hasMark && this.#isAtLineStart;
		return this.isUnopened;
	}

	#enterHarmony(mark: string): boolean {
		if (mark === '<|message|>') {
			this.#mode = this.#channel === null || ANSWER_CHANNEL.test(this.#channel) ? 'answer' : 'reasoning';
			this.#channel = null;
		} else if (mark === '<|start|>') {
			this.#channel = null;
			this.#mode = 'header';
		} else if (mark === '<|channel|>') {
			this.#channel = '';
			this.#mode = 'header';
		} else if (mark === '<|constrain|>') {
			this.#mode = 'header';
		} else {
			this.#mode = 'answer';
		}
		return true;
	}
}

function isClosing(mark: string): boolean {
	return mark[1] === '/';
}

/** How many characters at the end may be the beginning of a mark. */
function openEndOf(text: string): number {
	const open = OPEN_END.exec(text)?.[0] ?? '';
	const isTag = open.startsWith('<') || open.startsWith('◁');
	if (isTag && !WHOLE_MARKS.some((mark) => mark.startsWith(open.toLowerCase()))) return 0;
	return open.length;
}

/** As CommonMark has it: inline code ends with as many backticks as it began with, a fence with at least as many. */
function closes(opening: string, mark: string): boolean {
	return opening.length >= 3 ? mark.length >= opening.length : mark.length === opening.length;
}

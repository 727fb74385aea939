/** A part of a text, from the first to before the last place. */
export interface Span {
	start: number;
	end: number;
	kind: string;
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}-----/g;
/** What the lines of a block consist of, also when they were written into one string with `\n`. */
const BODY = /^[A-Za-z0-9+/=\s\\,:-]*/;
/** A block whose end has not come after this many characters has none. */
const LONGEST = 20_000;

/**
 * Private keys in PEM and OpenPGP armour (RFC 7468, RFC 9580): to the end mark or, where that is missing, as far as it looks
 * like one.
 * @returns the blocks, and where one begins that more text may still finish; null when none does.
 */
export function findKeyBlocks(text: string): { blocks: Span[]; openFrom: number | null } {
	const blocks: Span[] = [];
	let openFrom: number | null = null;
	let endMark = { start: -1, end: -1 };
	BEGIN.lastIndex = 0;
	for (let begin = BEGIN.exec(text); begin; begin = BEGIN.exec(text)) {
		const bodyAt = begin.index + begin[0].length;
		if (endMark.start < bodyAt) endMark = nextEndMark(text, bodyAt);
		const isClosed = endMark.end <= bodyAt + LONGEST;
		if (!isClosed && text.length < bodyAt + LONGEST) openFrom ??= begin.index;
		const end = isClosed ? endMark.end : bodyEnd(text, bodyAt);
		blocks.push({ start: begin.index, end, kind: 'private key' });
		BEGIN.lastIndex = end;
	}
	return { blocks, openFrom };
}

function nextEndMark(text: string, from: number): { start: number; end: number } {
	END.lastIndex = from;
	const mark = END.exec(text);
	return mark ? { start: mark.index, end: mark.index + mark[0].length } : { start: Infinity, end: Infinity };
}

function bodyEnd(text: string, from: number): number {
	return from + (BODY.exec(text.slice(from, from + LONGEST))?.[0].length ?? 0);
}

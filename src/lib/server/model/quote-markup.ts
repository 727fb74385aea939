import { isCitation } from '#lib/contract/citation.ts';
import { labelOf } from './quote-block.ts';

/** Stands in for code and escaped characters where markup is looked for. */
const MASK = '\u0001';
/** Text in brackets, with other brackets in it one level deep. */
const BRACKETS = String.raw`\[((?:[^[\]]|\[[^[\]]*\])*)\]`;
const ADDRESS = String.raw`<[^<>\n]*>|[^\s()<]*(?:\([^\s()]*\)[^\s()]*)*`;
const TITLE = String.raw`\s+(?:"[^"]*"|'[^']*'|\([^()]*\))`;
const ATTRIBUTES = String.raw`\{[^{}\n]*\}`;
/** An image, a link, a reference, or just brackets; what stands behind the first bracket is found by its group. */
const MARKUP = new RegExp(
	String.raw`<img\b[^<>]*>|(!?)${BRACKETS}(?:\(\s*(${ADDRESS})(?:${TITLE})?\s*\)(?:${ATTRIBUTES})?|\[([^[\]]*)\])?`,
	'dgi'
);
/** A bracket in full width before a number: it cannot be escaped, only be written as its code. */
const WIDE_BRACKET = /[【［](?=\s*[0-9０-９])/g;
const LIVE_ADDRESS = /^<?(?:https?:|mailto:)/i;
/** An escaped character, or backticks that may open a code span. */
const OPENING = /\\[!-/:-@[-`{-~]|`+/g;

/**
 * Prose as it is quoted: word for word, except that images go, links that lead nowhere outside their page leave their text, references get
 * their address, and a number in brackets is written `\[3]`, so that it reads as it did but as no citation. Code spans stay as they are.
 * @param prose of one block, without blank lines
 * @param definitions addresses by label, as `splitBlocks` finds them
 */
export function tidyMarkup(prose: string, definitions: ReadonlyMap<string, string>): string {
	if (!/[[<【［]/.test(prose)) return prose;
	const mask = maskCode(prose);
	const wide = [...mask.matchAll(WIDE_BRACKET)].map(({ index }) => index);
	const codes = (text: string, filler?: string) =>
		wide.reduceRight((coded, at) => {
			const code = `&#${text.codePointAt(at)};`;
			return coded.slice(0, at) + (filler ? filler.repeat(code.length) : code) + coded.slice(at + 1);
		}, text);
	return tidy({ text: codes(prose), mask: codes(mask, MASK) }, definitions);
}

interface Masked {
	text: string;
	/** Of the same length, with nothing in it that only looks like markup. */
	mask: string;
}

function tidy({ text, mask }: Masked, definitions: ReadonlyMap<string, string>): string {
	const tidyPart = (from: number, to: number) =>
		tidy({ text: text.slice(from, to), mask: mask.slice(from, to) }, definitions);
	const markup = new RegExp(MARKUP);
	let tidied = '';
	let from = 0;
	for (let match = markup.exec(mask); match; match = markup.exec(mask)) {
		const [, bang, , , reference] = match;
		const [whole, , inner, address, label] = match.indices!;
		const [start, end] = whole!;
		tidied += text.slice(from, start);
		from = end;
		// An image of HTML has no text.
		if (!inner) continue;
		const words = tidyPart(...inner);
		const target = address
			? text.slice(...address)
			: definitions.get(labelOf(text.slice(...(reference ? label! : inner))));
		if (target === undefined) {
			// A reader of citations could take it for one of the answer's own.
			const isMarker = isCitation(`[${words}]`) || (words.startsWith('^') && text[inner[1] + 1] === ':');
			tidied += `${bang}${isMarker ? '\\' : ''}[${words}]`;
			// What follows in brackets is markup of its own.
			from = inner[1] + 1;
			markup.lastIndex = from;
		} else if (!bang) {
			const isLive = LIVE_ADDRESS.test(target) && words.trim() !== '';
			const link = address ? text.slice(inner[1] + 1, end) : `(${target})`;
			tidied += isLive ? `[${words}]${link}` : words;
		}
	}
	return tidied + text.slice(from);
}

/** Code spans (https://spec.commonmark.org/0.31.2/#code-spans) and escaped characters overwritten. */
function maskCode(prose: string): string {
	const opening = new RegExp(OPENING);
	/** Lengths of backticks that are not found any more. */
	const unclosed = new Set<number>();
	let mask = '';
	let from = 0;
	for (let match = opening.exec(prose); match; match = opening.exec(prose)) {
		const [{ length }] = match;
		const isCode = match[0].startsWith('`');
		if (isCode) {
			const closing = unclosed.has(length) ? null : closingAt(prose, { from: opening.lastIndex, length });
			if (closing === null) {
				unclosed.add(length);
				continue;
			}
			opening.lastIndex = closing + length;
		}
		mask += prose.slice(from, match.index) + MASK.repeat(opening.lastIndex - match.index);
		from = opening.lastIndex;
	}
	return mask + prose.slice(from);
}

/** Where the next run of as many backticks begins. */
function closingAt(prose: string, { from, length }: { from: number; length: number }): number | null {
	const closing = new RegExp(`(?<!\`)\`{${length}}(?!\`)`, 'g');
	closing.lastIndex = from;
	return closing.exec(prose)?.index ?? null;
}

import { findKeyBlocks, type Span } from './key-block.ts';
import { SECRET_RULES } from './secret-rules.ts';

/** What stands in place of a secret. */
export function marker(kind: string): string {
	return `[redacted: ${kind}]`;
}

/**
 * A text with a marker in place of every API key, token, private key, e-mail address, card number and the like. Takes time
 * linear in its length.
 */
export function redact(text: string): string {
	return replaceSpans(text, findSecrets(text));
}

/**
 * The same, with the places of cuts in the original moved along; a cut inside a secret moves behind its marker.
 * @param lengths of the pieces of the text, in order.
 * @returns the redacted text, and as many lengths, which add up to its length.
 */
export function redactPieces(text: string, lengths: readonly number[]): { text: string; lengths: number[] } {
	const spans = findSecrets(text);
	const moved: number[] = [];
	let next = 0;
	let shift = 0;
	let cut = 0;
	let before = 0;
	for (const length of lengths) {
		cut += length;
		for (let span = spans[next]; span && span.start < cut; span = spans[++next]) {
			// The piece in which a secret begins gets its marker; what follows of it is gone.
			shift += marker(span.kind).length - (span.end - span.start);
		}
		const inside = Math.max(0, (spans[next - 1]?.end ?? 0) - cut);
		const place = cut + inside + shift;
		moved.push(place - before);
		before = place;
	}
	return { text: replaceSpans(text, spans), lengths: moved };
}

/** Redacts a text that still grows: what it gives is always a beginning of the whole text redacted. */
export class GrowingRedaction {
	#settled = 0;
	#redacted = '';

	/**
	 * @param text all of it so far.
	 * @returns all that can be told: a tail that may be the beginning of a secret is held back.
	 */
	read(text: string): string {
		const rest = text.slice(this.#settled);
		const length = settledLength(rest);
		this.#redacted += redact(rest.slice(0, length));
		this.#settled += length;
		return this.#redacted;
	}
}

/** How much of the beginning of a text can be redacted by itself, whatever comes after what is there. */
export function settledLength(text: string): number {
	const { blocks, openFrom } = findKeyBlocks(text);
	let cut = openFrom ?? text.length;
	let block = blocks.length - 1;
	for (;;) {
		while (cut > 0 && !isOutside(text.charCodeAt(cut - 1))) cut -= 1;
		while (blocks[block] && blocks[block]!.start >= cut) block -= 1;
		const around = blocks[block];
		const start = around && cut < around.end ? around.start : contextStart(text, cut);
		if (start === cut) return cut;
		cut = start;
	}
}

/** Whether a character, by its UTF-16 code unit, ends every secret, except where `contextStart` knows better. */
function isOutside(code: number): boolean {
	const isHalf = code >= 0xd800 && code < 0xdc00;
	return code <= 0x20 || (code > 0x7e && code < 0xc0) || (code > 0x24f && !isHalf);
}

/** What white space may follow inside a secret or between its name and itself. */
const OPENING =
	/(?:bearer|basic|api|access|private|(?:key|secret|token|word|passwd|passphrase|pwd|credentials?|authorization|session|sid|signature|sig|auth)(?:[_-]id)?["'`\]*\\]{0,3}[ \t]{0,3}(?::=|=>|[:=])?|-----BEGIN[A-Z0-9 ]{0,60})[ \t]{0,3}$/i;
/** Longer than any match of it. */
const OPENING_WINDOW = 96;

/** Where the secret would begin that may reach over this place; the place itself when none may. */
function contextStart(text: string, cut: number): number {
	const windowStart = Math.max(0, cut - OPENING_WINDOW);
	const opening = OPENING.exec(text.slice(windowStart, cut));
	if (opening) return windowStart + opening.index;
	let start = cut;
	let digits = false;
	for (; start > 0 && isOfNumber(text.charCodeAt(start - 1)); start -= 1) {
		digits ||= isDigit(text.charCodeAt(start - 1));
	}
	if (digits) return start;
	const lineStart = text.lastIndexOf('\n', cut - 1) + 1;
	const cookie = text.slice(lineStart, cut).search(/cookie["']?:/i);
	return cookie === -1 ? cut : lineStart + cookie;
}

/** Digits and what groups them in card and phone numbers. */
function isOfNumber(code: number): boolean {
	return isDigit(code) || ' ()+-./'.includes(String.fromCharCode(code));
}

function isDigit(code: number): boolean {
	return code >= 0x30 && code <= 0x39;
}

/** The secrets of a text, in order and apart from each other; one that touches another is part of it. */
function findSecrets(text: string): Span[] {
	const { blocks } = findKeyBlocks(text);
	const spans = [...blocks];
	for (const { kind, pattern, accept, overlapping } of SECRET_RULES) {
		pattern.lastIndex = 0;
		for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
			const end = match.index + match[0].length;
			const secret = (overlapping ? undefined : match[1]) ?? match[0];
			if (!accept || accept(secret)) spans.push({ start: end - secret.length, end, kind });
			else if (overlapping) pattern.lastIndex = match.index + 1;
		}
	}
	return joined(spans);
}

function joined(spans: Span[]): Span[] {
	const apart: Span[] = [];
	for (const span of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
		const last = apart.at(-1);
		if (last && span.start < last.end) last.end = Math.max(last.end, span.end);
		else apart.push({ ...span });
	}
	return apart;
}

function replaceSpans(text: string, spans: readonly Span[]): string {
	if (spans.length === 0) return text;
	let redacted = '';
	let from = 0;
	for (const { start, end, kind } of spans) {
		redacted += text.slice(from, start) + marker(kind);
		from = end;
	}
	return redacted + text.slice(from);
}

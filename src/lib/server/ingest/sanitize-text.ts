/**
 * What terminals obey (ECMA-48): colours and cursor movements, as notebooks leave them in their output, and control strings,
 * such as the address of a link, which a reader does not see either.
 */
const terminalSequence =
	// eslint-disable-next-line no-control-regex
	/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\n\u0007\u001b\u0090-\u009f]*(?:\u0007|\u001b\\|\u009c)/g;
// eslint-disable-next-line no-control-regex
const maybeTerminalSequence = /[\u001b\u0090-\u009f]/;
/**
 * What has no ink: control characters except tab and newline, and everything Unicode calls default ignorable
 * (zero-width, bidirectional controls, variation selectors, tags) or interlinear annotation.
 */
const invisible = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]|(?![\t\n])\p{Cc}/gu;
const lineEnding = /\r\n?|[\u0085\u2028\u2029\f\v]/g;
/** A `data:` URI with a payload; one without, as in a format string of a code sample, is left alone. */
const dataUri =
	/data:[\w.+-]{1,60}\/[\w.+-]{1,80}(?:;[\w=.+-]{1,60}){0,5};base64,[A-Za-z0-9+/=%]{16,}|data:image\/svg\+xml[;,][^\s"'`)]+/g;
/** Base64 without a `data:` in front: one endless word, or a block of full lines. */
const base64Word = /[A-Za-z0-9+/]{240,}={0,2}/g;
const base64Lines = /(?:^[ \t>]*[A-Za-z0-9+/]{60,240}={0,2}[ \t]*\n){4,}/gm;

/** Newlines as `\n`, and nothing invisible in it. */
export function stripInvisible(text: string): string {
	// Nearly all text is clean; a test is several times cheaper than a replacement.
	let clean = maybeTerminalSequence.test(text) ? text.replace(terminalSequence, '') : text;
	clean = clean.replace(lineEnding, '\n');
	return clean.search(invisible) === -1 ? clean.toWellFormed() : clean.replace(invisible, '').toWellFormed();
}

/** Source text made ready for a parser: nothing invisible, no embedded pictures. Linear in the length of the text. */
export function sanitizeSource(text: string): string {
	return stripInvisible(text).replace(dataUri, '').replace(base64Lines, '…\n').replace(base64Word, '…');
}

/**
 * Markdown made ready for the index: nothing invisible (character references of the source may have brought it back), prose
 * in NFKC, so that ligatures and full-width letters are found. Code is only composed (NFC): compatibility mapping would change what it means.
 */
export function normalizeMarkdown(markdown: string): string {
	const clean = stripInvisible(markdown);
	if (!/\P{ASCII}/u.test(clean)) return clean;
	return clean
		.split(code)
		.map((part, index) => (index % 2 === 0 ? part.normalize('NFKC') : part.normalize('NFC')))
		.join('');
}

/** A fenced block or a code span; in a split, every second part is one of them. */
const code = /(^[ \t>]*(?:`{3,}|~{3,})[^\n]*\n[^]*?^[ \t>]*(?:`{3,}|~{3,})[ \t]*$|`[^`\n]+`)/m;

/** One line of plain text: a heading or a title. */
export function normalizeLine(text: string): string {
	return stripInvisible(text).normalize('NFKC').replace(/\s+/g, ' ').trim();
}

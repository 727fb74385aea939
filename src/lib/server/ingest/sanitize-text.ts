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
const invisible = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]|(?![\t\n])\p{Cc}/u;
/** Scripts whose spelling needs joiners. */
const JOINING = String.raw`[\p{sc=Arabic}\p{sc=Syriac}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}\p{sc=Khmer}\p{sc=Myanmar}]`;
const PICTURE = String.raw`\p{Extended_Pictographic}`;
/** Joiners and selectors where a word or an emoji is written with them, in a group of its own; else what has no ink. */
const invisibleOrNeeded = new RegExp(
	[
		'(' +
			[
				String.raw`(?<=${JOINING})[\u200c\u200d](?=${JOINING})`,
				String.raw`(?<=${PICTURE}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=${PICTURE})`,
				String.raw`(?<=${PICTURE})[\ufe0e\ufe0f]`,
				String.raw`(?<=[\d#*])\ufe0f(?=\u20e3)`
			].join('|') +
			')',
		invisible.source
	].join('|'),
	'gu'
);
const lineEnding = /\r\n?|[\u0085\u2028\u2029\f\v]/g;
/** A `data:` URI with a payload; one without, as in a format string of a code sample, is left alone. */
const dataUri =
	/data:[\w.+-]{1,60}\/[\w.+-]{1,80}(?:;[\w=.+-]{1,60}){0,5};base64,[A-Za-z0-9+/=%]{16,}|data:image\/svg\+xml[;,][^\s"'`)]+/g;
/** Base64 without a `data:` in front: one endless word, or a block of full lines. */
const base64Word = /[A-Za-z0-9+/]{240,}={0,2}/g;
const base64Lines = /(?:^[ \t>]*[A-Za-z0-9+/]{60,240}={0,2}[ \t]*\n){4,}/gm;

/** Newlines as `\n`, and nothing invisible in it but the joiners and selectors that words and emoji are written with. */
export function stripInvisible(text: string): string {
	// Nearly all text is clean; a test is several times cheaper than a replacement.
	let clean = maybeTerminalSequence.test(text) ? text.replace(terminalSequence, '') : text;
	clean = clean.replace(lineEnding, '\n');
	return (invisible.test(clean) ? clean.replace(invisibleOrNeeded, '$1') : clean).toWellFormed();
}

/** Source text made ready for a parser: nothing invisible, no embedded pictures. Linear in the length of the text. */
export function sanitizeSource(text: string): string {
	return stripInvisible(text).replace(dataUri, '').replace(base64Lines, '…\n').replace(base64Word, '…');
}

/**
 * Markdown made ready to be shown: nothing invisible (character references of the source may have brought it back), composed (NFC). It is not
 * mapped to compatible characters, which would make 106 of 10⁶: the index does that for its terms.
 */
export function normalizeMarkdown(markdown: string): string {
	return stripInvisible(markdown).normalize('NFC');
}

/** One line of plain text: a heading or a title. */
export function normalizeLine(text: string): string {
	return stripInvisible(text).normalize('NFC').replace(/\s+/g, ' ').trim();
}

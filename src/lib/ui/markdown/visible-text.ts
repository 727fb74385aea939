/**
 * Control characters, and all that Unicode calls default ignorable: zero-width characters, bidirectional controls, variation
 * selectors, tags. https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
 */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]|(?![\t\n\r])\p{Cc}/gu;
const JOINERS = /[\u200c\u200d]/;
const STYLE_SELECTORS = /[\ufe0e\ufe0f]/;
const EMOJI_BEFORE = /\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?$/u;
const EMOJI_AFTER = /^\p{Extended_Pictographic}/u;
/** Scripts whose spelling needs joiners. */
const JOINING = String.raw`[\p{sc=Arabic}\p{sc=Syriac}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}\p{sc=Khmer}\p{sc=Myanmar}]`;
const JOINING_BEFORE = new RegExp(`${JOINING}$`, 'u');
const JOINING_AFTER = new RegExp(`^${JOINING}`, 'u');

/**
 * Writes out the characters that a reader cannot see but that change what is: a character that turns the direction of
 * writing becomes `‹U+202E›`. Tabs and line ends stay, and joiners and selectors where spelling or an emoji needs them.
 */
export function showHidden(text: string): string {
	return text.replace(HIDDEN, (character, offset: number) =>
		belongs(character, text, offset)
			? character
			: `‹U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`
	);
}

function belongs(character: string, text: string, offset: number): boolean {
	const before = text.slice(Math.max(0, offset - 4), offset);
	const after = text.slice(offset + character.length, offset + 3);
	if (STYLE_SELECTORS.test(character))
		return (
			/\p{Extended_Pictographic}$/u.test(before) || (/[\d#*]$/.test(before) && after.startsWith('\u20e3'))
		);
	if (!JOINERS.test(character)) return false;
	if (JOINING_BEFORE.test(before) && JOINING_AFTER.test(after)) return true;
	return character === '\u200d' && EMOJI_BEFORE.test(before) && EMOJI_AFTER.test(after);
}

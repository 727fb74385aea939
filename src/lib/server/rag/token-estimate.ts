/** Role, separators and other marks around a message. */
const MESSAGE_OVERHEAD = 8;

/**
 * At least about as many tokens as a text has, whatever the model's tokenizer: three letters, digits or blanks to a token
 * (English has four or more), one token for every other ASCII character, and half a token for each UTF-8 byte beyond
 * ASCII (an accented letter one, a CJK character one and a half, an emoji two).
 */
export function estimateTextTokens(text: string): number {
	let thirds = 0;
	let marks = 0;
	let bytes = 0;
	for (let at = 0; at < text.length; at += 1) {
		const code = text.charCodeAt(at);
		if (code >= 0x80) {
			// Each half of a surrogate pair stands for two of its four bytes.
			bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
		} else if (isPlain(code)) thirds += 1;
		else marks += 1;
	}
	return Math.ceil(thirds / 3 + marks + bytes / 2);
}

/** UTF-8 bytes to a token: 3.5 to 4.5 with current tokenizers, for prose and code, Latin or not. */
const BYTES_PER_TOKEN = 4;

/** About as many tokens as a text has; what a budget is counted in. */
export function typicalTokens(text: string): number {
	return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** The same of a whole prompt. */
export function estimatePromptTokens(messages: readonly { content: string }[]): number {
	return messages.reduce((sum, { content }) => sum + estimateTextTokens(content) + MESSAGE_OVERHEAD, 0);
}

/** Blanks, letters and digits of ASCII. */
function isPlain(code: number): boolean {
	return (
		code === 0x20 ||
		code === 0x0a ||
		code === 0x09 ||
		(code >= 0x30 && code <= 0x39) ||
		(code >= 0x41 && code <= 0x5a) ||
		(code >= 0x61 && code <= 0x7a)
	);
}

/** One kind of secret: where it may be, and what a marker calls it. */
export interface SecretRule {
	kind: string;
	/** Global. The secret is the last group, which ends where the match ends, or without a group the whole match. */
	pattern: RegExp;
	/** Decides on what the pattern cannot tell. */
	accept?(secret: string): boolean;
	/** A rejected match may hide another that begins inside it; only for patterns of bounded length. */
	overlapping?: boolean;
}

/**
 * What the patterns rely on, and the cuts in `redact.ts` too: a match has no character beyond Latin letters and ASCII, and
 * white space only where `contextStart` knows of it. Each takes time linear in the text: it begins at a literal or at
 * the start of a run, and two repetitions that follow each other share no character.
 */
export const SECRET_RULES: readonly SecretRule[] = [
	{
		kind: 'API key',
		pattern: /(?<![A-Za-z0-9])(?:sk|pk|rk)[-_][\w-]{8,}/g,
		accept: (key) => key.length >= 19 || hasDigit(key)
	},
	{
		kind: 'API key',
		pattern:
			/(?<![A-Za-z0-9])(?:gsk_|hf_|npm_|pypi-|AIza|ya29\.|GOCSPX-|xai-|pplx-|tvly-|jina_|whsec_|dop_v1_|shpat_|glpat-|github_pat_|gh[pousr]_)[\w-]{16,}/g
	},
	{ kind: 'API key', pattern: /(?<![A-Za-z0-9])SG\.[\w-]{16,}\.[\w-]{16,}/g },
	{
		kind: 'AWS key',
		pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/g
	},
	{ kind: 'Slack token', pattern: /(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}/g },
	{ kind: 'Slack webhook', pattern: /hooks\.slack\.com\/services\/([\w/]{16,})/g },
	{ kind: 'bot token', pattern: /(?<!\d)\d{8,10}:[\w-]{35}(?![\w-])/g },
	{ kind: 'JWT', pattern: /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g },
	{ kind: 'password', pattern: /:\/\/[^\s/:@\u0080-\uffff]*:([^\s/@\u0080-\uffff]+)(?=@)/g },
	{
		kind: 'token',
		pattern: /(?<![A-Za-z])bearer[ \t]{1,3}["'`<{]?([A-Za-z0-9+/_.~=-]{8,})/gi,
		accept: (token) => token.length >= 16 || hasDigit(token)
	},
	{
		kind: 'token',
		pattern: /(?<![A-Za-z])basic[ \t]{1,3}["'`<{]?([A-Za-z0-9+/=]{8,})/gi,
		accept: (token) => token.length >= 24 || /\d|[a-z][A-Z]|=$/.test(token)
	},
	{
		kind: 'secret',
		pattern:
			/(?:(?:api|access|private)[ _-]?key|secret|token|passw(?:or)?d|passwd|passphrase|pwd|credentials?|authorization)(?:[_-]id)?["'`\]*\\]{0,3}[ \t]{0,3}(?::=|=>|[:=])[ \t]{0,3}\\?["'`]?([A-Za-z0-9+/_=.~@#$%^&*!:-]{8,})/gi,
		accept: (value) => isRandom(value, 2.75)
	},
	{
		kind: 'secret',
		pattern:
			/(?:key|session|sid|signature|sig|auth)["'`\]*\\]{0,3}[ \t]{0,3}(?::=|=>|[:=])[ \t]{0,3}\\?["'`]?([A-Za-z0-9+/_=.~-]{16,})/gi,
		accept: (value) => isRandom(value, 3.2)
	},
	{
		kind: 'cookie',
		pattern:
			/(?<![A-Za-z])(?:set-)?cookie["']?:[ \t]{0,3}["']?([\w!#$%&*+.^|~-]+=[^\s;,"\u0080-\uffff]+(?:;[ \t]{0,3}[\w!#$%&*+.^|~-]+(?:=[^\s;,"\u0080-\uffff]*)?)*)/gi
	},
	{
		kind: 'e-mail',
		pattern:
			/(?<![\w\u00C0-\u024F.%+-])[\w\u00C0-\u024F.%+-]+@(?:[A-Za-z0-9\u00C0-\u024F-]+\.)+[A-Za-z\u00C0-\u024F]{2,}/g,
		// The account of every SSH address of a repository, such as git@github.com.
		accept: (address) => !address.startsWith('git@')
	},
	{
		kind: 'card number',
		pattern:
			/(?<!\d)(?<!\d[.,])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}|[2-6]\d{12,18})(?!\d)/g,
		accept: passesLuhn,
		overlapping: true
	},
	{ kind: 'phone number', pattern: /(?<![\w+.])\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\d)/g },
	{ kind: 'phone number', pattern: /(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![.-]?\d)/g }
];

function hasDigit(text: string): boolean {
	return /\d/.test(text);
}

/** Letters and digits without an order: Shannon entropy of the characters, in bits, at least this much. */
function isRandom(text: string, bits: number): boolean {
	if (!hasDigit(text) || !/[A-Za-z]/.test(text)) return false;
	const counts = new Map<string, number>();
	for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
	let entropy = 0;
	for (const count of counts.values()) entropy -= (count / text.length) * Math.log2(count / text.length);
	return entropy >= bits;
}

/** The check digit of card numbers (ISO/IEC 7812-1, annex B). */
function passesLuhn(text: string): boolean {
	const digits = text.replace(/\D/g, '');
	let sum = 0;
	for (let place = 0; place < digits.length; place += 1) {
		const digit = Number(digits[digits.length - 1 - place]);
		const doubled = digit * 2;
		sum += place % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
	}
	return sum % 10 === 0;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWN_SECRET_MARKER, OwnSecrets } from '#lib/server/privacy/own-secrets.ts';

/** Keys and texts of few letters, so that they meet, overlap and begin alike often. */
const key = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 11 });
const text = fc.array(fc.oneof(key, fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 9 })), {
	maxLength: 8
});

describe('the keys of this server', () => {
	it('are in no text, however it is cut, and nothing else is changed', () => {
		fc.assert(
			fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), text, (keys, pieces) => {
				const secrets = new OwnSecrets(keys);
				const whole = pieces.join('');
				const concealment = secrets.open();
				const shown = pieces.map((piece) => concealment.push(piece)).join('') + concealment.end();
				expect(shown).toBe(concealed(whole, keys));
				expect(secrets.conceal(whole)).toBe(shown);
			}),
			{ numRuns: 3000 }
		);
	});

	it('hold back only what may be the beginning of one', () => {
		const concealment = new OwnSecrets(['sk-canary-1234']).open();
		expect(concealment.push('The task-')).toBe('The ta');
		expect(concealment.push('list s')).toBe('sk-list ');
		expect(concealment.push('k')).toBe('');
		expect(concealment.push('y and sk-canary-')).toBe('sky and ');
		expect(concealment.push('1234')).toBe('');
		expect(concealment.push('!')).toBe(`${OWN_SECRET_MARKER}!`);
		expect(concealment.end()).toBe('');
	});

	it('are not placeholders or words', () => {
		const secrets = new OwnSecrets(['ollama', 'lm-studio', undefined, '']);
		expect(secrets.any).toBe(false);
		expect(secrets.conceal('ollama and lm-studio')).toBe('ollama and lm-studio');
	});
});

/** The plain way: mark every character of every occurrence. */
function concealed(text: string, keys: readonly string[]): string {
	const secret = new Array<boolean>(text.length).fill(false);
	for (const key of keys) {
		for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, at + 1))
			secret.fill(true, at, at + key.length);
	}
	let shown = '';
	for (let at = 0; at < text.length; at += 1) {
		if (!secret[at]) shown += text[at];
		else if (!secret[at - 1]) shown += OWN_SECRET_MARKER;
	}
	return shown;
}

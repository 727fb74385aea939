import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WordEmbedder } from '#lib/server/model/word-embedder.ts';
import { analyze } from '#lib/server/search/analyze.ts';

const signal = new AbortController().signal;
const embedder = new WordEmbedder(analyze);

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

async function question(text: string): Promise<Float32Array> {
	return (await embedder.embedQuestion({ text, library: null }, signal)).of('any')!;
}

async function passage(parts: { heading?: string; body?: string; code?: string }): Promise<Float32Array> {
	const { heading = '', body = '', code = '' } = parts;
	const text = [heading, body, code].join('\n');
	const [vector] = await embedder.embedPassages([{ library: 'any', text, heading, body, code }], signal);
	return vector!;
}

describe('the built-in embedder', () => {
	it('brings words that mean much the same nearer to each other than nine in ten others', async () => {
		const related = [
			['delete', 'remove'],
			['authentication', 'login'],
			['asynchronous', 'await'],
			['container', 'docker'],
			['exception', 'raise'],
			['argument', 'parameter'],
			['folder', 'directory'],
			['encrypt', 'tls'],
			['schedule', 'cron'],
			['picture', 'image'],
			['faster', 'performance'],
			['sql', 'database'],
			['colour', 'css'],
			['timezone', 'utc'],
			['deploy', 'production'],
			['thread', 'mutex']
		] as const;
		const vectors = await Promise.all(related.map((pair) => Promise.all(pair.map(question))));
		const likeness = vectors.map(([asked]) => vectors.map(([, other]) => cosine(asked!, other!)));
		const others = likeness.flatMap((row, at) => row.filter((_, to) => to !== at)).sort((a, b) => a - b);
		const above = likeness.map(
			(row, at) => others.filter((other) => other < row[at]!).length / others.length
		);
		expect(above.reduce((sum, share) => sum + share, 0) / above.length).toBeGreaterThan(0.9);
	});

	it('finds a passage that shares no word with the question', async () => {
		const asked = await question('How can I delete a folder?');
		const about = await passage({ body: 'The directory is removed, with everything in it.' });
		const other = await passage({ body: 'The colour of the title bar follows the theme of the system.' });
		expect(cosine(asked, about)).toBeGreaterThan(cosine(asked, other) + 0.1);
	});

	it('hears a heading as much as the text below it', async () => {
		const long = 'The server keeps a log of all that it does. '.repeat(50);
		const asked = await question('certificate rotation');
		const headed = await passage({ heading: 'Certificate rotation', body: long });
		const mentioned = await passage({ body: `${long} Certificate rotation.` });
		expect(cosine(asked, headed)).toBeGreaterThan(cosine(asked, mentioned) + 0.2);
	});

	it('knows a name that no documentation ever held by its letters', async () => {
		const [name, other] = await Promise.all(['frobnicatrix', 'quuxifier'].map(question));
		const about = await passage({ body: 'frobnicatrix' });
		expect(cosine(name!, about)).toBeCloseTo(1, 5);
		expect(Math.abs(cosine(other!, about))).toBeLessThan(0.4);
	});

	it('gives any text with a word a vector of unit length, and one without a word zeros', async () => {
		for (const text of ['unheard of', '猫', 'cat '.repeat(1000), 'Größe der Schrift', 'x']) {
			const vector = await question(text);
			expect(vector.length).toBe(embedder.dimensions);
			expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
		}
		for (const text of ['', '  \n', '!?']) expect(Math.hypot(...(await question(text)))).toBe(0);
	});

	it('gives a passage the same vector whatever is embedded with it', async () => {
		const parts = fc.record({ heading: fc.string(), body: fc.string(), code: fc.string() });
		await fc.assert(
			fc.asyncProperty(parts, fc.array(parts), async (one, others) => {
				const texts = [one, ...others].map((each, at) => ({
					library: `library ${at}`,
					text: Object.values(each).join('\n'),
					...each
				}));
				const together = await embedder.embedPassages(texts, signal);
				expect(together[0]).toEqual(await passage(one));
			})
		);
	});

	it('stops when it is told to', async () => {
		const text = { library: 'any', text: '', heading: '', body: 'word '.repeat(5000), code: '' };
		const many = Array.from({ length: 2000 }, () => text);
		await expect(embedder.embedPassages(many, AbortSignal.abort())).rejects.toMatchObject({
			code: 'cancelled'
		});
	});
});

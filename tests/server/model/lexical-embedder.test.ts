import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lexicalEmbedding } from '#lib/server/model/lexical-embedder.ts';

const signal = new AbortController().signal;
const trainer = lexicalEmbedding((text) => text.toLowerCase().match(/\w+/g) ?? []);

const topics = [
	['cat', 'kitten', 'purr', 'whisker', 'paw'],
	['engine', 'wheel', 'brake', 'motor', 'road'],
	['bread', 'flour', 'oven', 'yeast', 'dough']
];
/** Passages of four of the five words of a topic each. */
const texts = topics.flatMap((words) =>
	words.flatMap((left) =>
		[1, 2, 3].map((turn) =>
			words
				.filter((word) => word !== left)
				.concat(`t${turn}`)
				.join(' ')
		)
	)
);
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

it('brings words together that occur in the same passages', async () => {
	const embedder = await trainer.fit(texts, signal);
	const [kitten, purr, engine] = await embedder.embedPassages(['kitten', 'purr', 'engine'], signal);
	expect(cosine(kitten!, purr!)).toBeGreaterThan(0.5);
	expect(cosine(kitten!, engine!)).toBeLessThan(0.2);
});

it('gives vectors of its dimensions and of unit length, for any text', async () => {
	const embedder = await trainer.fit(texts, signal);
	const anything = [...texts, '', 'unheard of', '猫', 'cat '.repeat(1000)];
	for (const vector of await embedder.embedPassages(anything, signal)) {
		expect(vector.length).toBe(embedder.dimensions);
		expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
	}
});

it('keeps a text without a known word away from all others', async () => {
	const embedder = await trainer.fit(texts, signal);
	const unknown = await embedder.embedQuestion('unheard of', signal);
	const [cat] = await embedder.embedPassages(['cat'], signal);
	expect(cosine(unknown, cat!)).toBe(0);
});

it('is the same for the same texts, in name and in numbers, and has another name for others', async () => {
	const first = await trainer.fit(texts, signal);
	const second = await trainer.fit(texts, signal);
	expect(second.model).toBe(first.model);
	expect(await second.embedQuestion('cat on the road', signal)).toEqual(
		await first.embedQuestion('cat on the road', signal)
	);
	expect((await trainer.fit(texts.slice(1), signal)).model).not.toBe(first.model);
});

it('comes back from a folder as it was', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'citelight-embedder-'));
	try {
		expect(await trainer.load(folder)).toBeNull();
		const fitted = await trainer.fit(texts, signal);
		await fitted.save(folder);
		const loaded = (await trainer.load(folder))!;
		expect(loaded.model).toBe(fitted.model);
		expect(loaded.fittedOn).toBe(texts.length);
		expect(await loaded.embedQuestion('bread', signal)).toEqual(await fitted.embedQuestion('bread', signal));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

it('can be fitted on nothing, or on too little', async () => {
	for (const few of [[], ['one two three'], ['', '']]) {
		const embedder = await trainer.fit(few, signal);
		const vector = await embedder.embedQuestion('one', signal);
		expect(vector.length).toBe(embedder.dimensions);
		expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
	}
});

it('stops fitting when it is told to', async () => {
	const many = Array.from(
		{ length: 20_000 },
		(_, at) => `${texts[at % texts.length]} w${at % 900} v${at % 700}`
	);
	await expect(trainer.fit(many, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});

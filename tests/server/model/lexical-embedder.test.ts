import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FittedEmbedder } from '#lib/server/model/embedder.ts';
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

const library = 'demo';

async function fitted(given: readonly string[]): Promise<FittedEmbedder> {
	const embedder = trainer.create();
	await embedder.fit({ library, texts: given }, signal);
	return embedder;
}

const passages = (given: readonly string[], of = library) => given.map((text) => ({ library: of, text }));

/** The question's vector for the library. */
async function question(embedder: FittedEmbedder, text: string): Promise<Float32Array | null> {
	return (await embedder.embedQuestion({ text, library }, signal)).of(library);
}

it('brings words together that occur in the same passages', async () => {
	const embedder = await fitted(texts);
	const words = passages(['kitten', 'purr', 'engine']);
	const [kitten, purr, engine] = await embedder.embedPassages(words, signal);
	expect(cosine(kitten!, purr!)).toBeGreaterThan(0.5);
	expect(cosine(kitten!, engine!)).toBeLessThan(0.2);
});

it('gives vectors of its dimensions and of unit length, for any text', async () => {
	const embedder = await fitted(texts);
	const anything = passages([...texts, '', 'unheard of', '猫', 'cat '.repeat(1000)]);
	anything.push({ library: 'never fitted', text: 'cat' });
	for (const vector of await embedder.embedPassages(anything, signal)) {
		expect(vector.length).toBe(embedder.dimensions);
		expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
	}
});

it('keeps a text without a known word away from all others, and near its like', async () => {
	const embedder = await fitted(texts);
	const [unknown, cat] = await embedder.embedPassages(passages(['unheard of', 'cat']), signal);
	expect(cosine(unknown!, cat!)).toBe(0);
	expect(cosine(unknown!, (await question(embedder, 'cat unheard of'))!)).toBe(0);
	const nothingKnown = (await question(embedder, 'never seen'))!;
	expect(cosine(nothingKnown, cat!)).toBe(0);
	expect(cosine(nothingKnown, unknown!)).toBe(1);
});

it('gives a question within one library a vector of unit length, whatever else it asks', async () => {
	const embedder = await fitted(texts);
	for (const text of ['cat', 'cat unheard of', 'cat engine bread']) {
		expect(Math.hypot(...(await question(embedder, text))!)).toBeCloseTo(1, 5);
	}
});

it('gives a question over all libraries a vector that is the shorter, the less of it a library knows', async () => {
	const embedder = await fitted(texts);
	await embedder.fit({ library: 'bakery', texts: texts.slice(30) }, signal);
	const text = 'kitten whisker dough';
	const vectors = await embedder.embedQuestion({ text, library: null }, signal);
	expect(Math.hypot(...vectors.of(library)!)).toBeCloseTo(1, 5);
	expect(Math.hypot(...vectors.of('bakery')!)).toBeLessThan(0.7);
	const [cat] = await embedder.embedPassages(passages(['kitten whisker paw']), signal);
	const [bread] = await embedder.embedPassages(passages(['dough'], 'bakery'), signal);
	expect(cosine(cat!, vectors.of(library)!)).toBeGreaterThan(cosine(bread!, vectors.of('bakery')!));
});

it('tells a word that nearly all passages hold from one that none does', async () => {
	const embedder = await fitted(texts.map((text) => `${text} manual`));
	await embedder.fit({ library: 'without it', texts }, signal);
	const vectors = await embedder.embedQuestion({ text: 'manual kitten', library: null }, signal);
	expect(Math.hypot(...vectors.of(library)!)).toBeCloseTo(1, 5);
	expect(Math.hypot(...vectors.of('without it')!)).toBeLessThan(0.9);
});

it('is the same for the same texts, in name and in numbers, and has another space for others', async () => {
	const [first, second] = [await fitted(texts), await fitted(texts)];
	const space = (embedder: FittedEmbedder) => embedder.spaces.get(library)!.id;
	expect(second.model).toBe(first.model);
	expect(space(second)).toBe(space(first));
	expect(await question(second, 'cat on the road')).toEqual(await question(first, 'cat on the road'));
	expect(space(await fitted(texts.slice(1)))).not.toBe(space(first));
});

it('embeds a question in the space of the library that is asked, or in the space of each', async () => {
	const embedder = await fitted(texts.slice(0, 30));
	const alone = await question(embedder, 'cat');
	await embedder.fit({ library: 'bakery', texts: texts.slice(30) }, signal);
	const ask = async (text: string, asked: string | null) => {
		const vectors = await embedder.embedQuestion({ text, library: asked }, signal);
		expect(vectors.dimensions).toBe(embedder.dimensions);
		return [library, 'bakery', 'unknown'].map((name) => vectors.of(name));
	};
	const [demo, bakery, other] = await ask('cat and bread', null);
	for (const own of [demo, bakery]) expect(own).toBeInstanceOf(Float32Array);
	expect(other).toBeNull();
	expect(await ask('cat', null)).toEqual([alone, null, null]);
	expect(await ask('cat', library)).toEqual([alone, null, null]);
	expect(await ask('bread', 'bakery')).toEqual([null, expect.any(Float32Array), null]);
	const nothingKnown = await question(embedder, 'unheard of');
	for (const asked of ['bakery', 'unknown']) {
		expect(await ask('cat', asked)).toEqual([nothingKnown, nothingKnown, nothingKnown]);
	}
	embedder.forget('bakery');
	expect(await ask('bread', null)).toEqual([nothingKnown, nothingKnown, nothingKnown]);
});

it('comes back from a folder as it was', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'citelight-embedder-'));
	try {
		expect(await trainer.load(folder)).toBeNull();
		const embedder = await fitted(texts);
		await embedder.fit({ library: 'empty', texts: [] }, signal);
		await embedder.save(folder);
		const loaded = (await trainer.load(folder))!;
		expect(loaded.model).toBe(embedder.model);
		expect([...loaded.spaces].map(([name, { id, fittedOn }]) => [name, id, fittedOn])).toEqual(
			[...embedder.spaces].map(([name, { id, fittedOn }]) => [name, id, fittedOn])
		);
		expect(loaded.spaces.get(library)!.fittedOn).toBe(texts.length);
		expect(await question(loaded, 'bread')).toEqual(await question(embedder, 'bread'));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

it('can be fitted on nothing, or on too little', async () => {
	for (const few of [[], ['one two three'], ['', '']]) {
		const embedder = await fitted(few);
		const [vector] = await embedder.embedPassages(passages(['one']), signal);
		expect(vector!.length).toBe(embedder.dimensions);
		expect(Math.hypot(...vector!)).toBeCloseTo(1, 6);
	}
});

it('stops fitting when it is told to', async () => {
	const many = Array.from(
		{ length: 20_000 },
		(_, at) => `${texts[at % texts.length]} w${at % 900} v${at % 700}`
	);
	const fitting = trainer.create().fit({ library, texts: many }, AbortSignal.abort());
	await expect(fitting).rejects.toMatchObject({ code: 'cancelled' });
});

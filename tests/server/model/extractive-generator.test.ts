import fc from 'fast-check';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import type { Source } from '#lib/contract/chunk.ts';
import { NO_USAGE } from '#lib/contract/trace.ts';
import { ExtractiveGenerator } from '#lib/server/model/extractive-generator.ts';
import { readCitations } from '#lib/server/rag/citations.ts';
import { collectAnswer } from '../../fixtures/collect-answer.ts';
import { source } from '../../fixtures/passages.ts';

function sourcesOf(...texts: (string | Partial<Source>)[]): Source[] {
	return texts.map((given, at) => ({
		...source(at + 1, { title: 'Pets', heading_path: [`Part ${at + 1}`] }),
		...(typeof given === 'string' ? { text: given } : given)
	}));
}

async function answerTo(question: string, ...texts: (string | Partial<Source>)[]): Promise<string> {
	const { text } = await collectAnswer(new ExtractiveGenerator(), {
		request: { question, sources: sourcesOf(...texts) }
	});
	return text;
}

const parser = unified().use(remarkParse).use(remarkGfm);

/** Fences of code blocks, each from its opening to its last line. */
function fencesIn(markdown: string): { opening: string; last: string }[] {
	const fences: { opening: string; last: string }[] = [];
	visit(parser.parse(markdown), 'code', ({ position }) => {
		const lines = markdown.slice(position!.start.offset, position!.end.offset).split('\n');
		const [, opening] = /^(`{3,}|~{3,})/.exec(lines[0]!) ?? [];
		if (opening)
			fences.push({
				opening,
				last:
					lines
						.slice(1)
						.at(-1)
						?.replace(/^[\s>]*/, '') ?? ''
			});
	});
	return fences;
}

/** The numbers that the answer cites, in its order. */
const cited = (text: string) => [...text.matchAll(/^\*\*.*\*\* \[(\d+)\]$/gm)].map(([, n]) => Number(n));

describe('an answer without a model', () => {
	it('says that it quotes, why, and how to connect a model', async () => {
		const generator = new ExtractiveGenerator();
		const { text, result } = await collectAnswer(generator);
		const [lead] = text.split('\n');
		expect(lead).toMatch(/quotations.*no model is connected/);
		for (const setting of ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'CHAT_MODEL'])
			expect(lead).toContain(setting);
		expect(generator).toMatchObject({ model: 'extractive', builtIn: true });
		expect(result).toEqual({ finishReason: 'stop', usage: NO_USAGE, model: 'extractive' });
	});

	it('is the sections as they stand, each under its heading with its citation', async () => {
		const text =
			'Cats\nare clean:\n\n1. Fill the tub.\n2. Wash the `cat!` with:\n   - soap\n\n| a |\n|---|\n| 1 |\n\n```js\nwash();\n\ndry();\n```';
		const answer = await answerTo(
			'How do I wash a cat?',
			{ heading_path: ['Care', 'Washing'], text },
			'Wash a cat with soap.'
		);
		expect(answer.split('\n\n').slice(1).join('\n\n')).toBe(
			`**Pets › Care › Washing** [1]\n\n${text}\n\n**Pets › Part 2** [2]\n\nWash a cat with soap.`
		);
	});

	it('puts no blank into code that looks like the end of a sentence', async () => {
		const text = 'A path that ends in `? ` or `!` is odd. So is `a. B`, however short.';
		expect(await answerTo('Which path is odd?', text)).toContain(text);
	});

	it('shortens a very long section, and keeps whole what it quotes', async () => {
		const paragraph = (at: number) => `Paragraph ${at} says this. ${'It is long. '.repeat(20)}`.trim();
		const paragraphs = Array.from({ length: 20 }, (_, at) => paragraph(at));
		paragraphs[12] = 'A cat purrs when it is stroked.';
		const answer = await answerTo('When does a cat purr?', paragraphs.join('\n\n'));
		const [, , ...blocks] = answer.split('\n\n');
		expect(answer.length).toBeLessThan(3000);
		expect(blocks).toContain(paragraphs[12]);
		expect([blocks.at(0), blocks.at(-1)]).toEqual(['…', '…']);
		for (const block of blocks) expect(['…', ...paragraphs]).toContain(block);
	});

	it('names the place of a section, and leaves out the middle of a long one', async () => {
		const headed = (...heading_path: string[]) => answerTo('cat', { heading_path, text: 'A cat.' });
		expect(await headed('Pets')).toContain('\n\n**Pets** [1]\n\n');
		expect(await headed('A', 'B', 'C', 'D')).toContain('\n\n**Pets › … › C › D** [1]\n\n');
		expect(await headed('__init__ [2] *x* <b> a_b[i] [c](d)')).toContain(
			'**Pets › \\_\\_init\\_\\_ \\[2] \\*x\\* \\<b> a_b[i] \\[c](d)** [1]'
		);
		expect(
			await answerTo('cat', { title: '', heading_path: [], document: 'a/cat.md', text: 'A cat.' })
		).toContain('**a/cat.md** [1]');
	});

	it('closes code that is cut off', async () => {
		const answer = await answerTo('When do cats purr?', 'Cats purr:\n\n```\nuntil 5', 'Dogs and cats.');
		expect(answer).toContain('```\nuntil 5\n```\n\n**Pets › Part 2** [2]\n\nDogs');
	});

	it('has no dead links, no pictures, and no numbers that look like citations', async () => {
		const text =
			'A [cat](../cat.md){.link}, ![a cat](cat.png)see [7], `cats[8]` and [more](https://example.org).';
		const answer = await answerTo('cat', text);
		expect(answer).toContain('A cat, see \\[7], `cats[8]` and [more](https://example.org).');
		expect(await readCitations(answer, 9)).toEqual({ valid: [1], invalid: [] });
	});

	it('says so when there is nothing to quote', async () => {
		expect(await answerTo('Anything?')).toBe('There is no passage to quote.');
		expect(await answerTo('Anything?', '![cat](cat.png)', '')).toBe('There is no passage to quote.');
	});

	it('is the same for the same request', async () => {
		const ask = () => answerTo('cats and dogs', 'Cats purr.', 'Dogs bark. Cats do not.');
		expect(await ask()).toBe(await ask());
	});

	it('comes a few words at a time, between which others have their turn', async () => {
		let turns = 0;
		let running = true;
		const count = () => {
			turns += 1;
			if (running) setImmediate(count);
		};
		setImmediate(count);
		const sources = sourcesOf(`A cat purrs. ${'猫在睡觉。'.repeat(50)} ${'🐈'.repeat(50)}`);
		const { pieces, text } = await collectAnswer(new ExtractiveGenerator(), { request: { sources } });
		running = false;
		expect(turns).toBeGreaterThanOrEqual(pieces.length - 1);
		for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
		expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(100);
		expect(pieces.join('')).toBe(text);
	});

	it('only ever quotes: each line is in a source, each citation is of what stands below it', async () => {
		const line = fc.constantFrom(
			'Cats purr when they rest.',
			'Dogs bark:',
			'- one cat',
			'  - two cats',
			'1. first',
			'```py',
			'```',
			'x = cats[1]',
			'| a | b |',
			'|---|---|',
			'',
			'## Heading',
			'> ```',
			'```inline```',
			'> quoted cat',
			'~~~',
			'See [3].',
			'![p](x.png)',
			'`code',
			'    indented',
			'Cats: `purr. Then! ` sleep.',
			'猫は寝る。',
			`${'A long cat. '.repeat(40)}end`
		);
		const source = fc.array(line, { maxLength: 14 }).map((lines) => lines.join('\n'));
		await fc.assert(
			fc.asyncProperty(fc.array(source, { maxLength: 5 }), async (texts) => {
				const text = await answerTo('When do cats purr and dogs bark?', ...texts);
				for (const { opening, last } of fencesIn(text)) expect(last.startsWith(opening)).toBe(true);
				const [, ...sections] = text.split(/\n\n(?=\*\*Pets › Part \d\*\* \[\d\]\n)/);
				for (const section of sections) {
					const [, part, n] = /^\*\*Pets › Part (\d)\*\* \[(\d)\]\n\n/.exec(section)!;
					expect(part).toBe(n);
					const known = new Set(texts[Number(n) - 1]!.split('\n'));
					for (const each of section.split('\n').slice(1)) {
						if (/^[\s>]*(?:`{3,}|~{3,}|…|\| … \|)?\s*$/.test(each)) continue;
						expect(known).toContain(each.replaceAll('\\[', '['));
					}
				}
				const { valid, invalid } = await readCitations(text, texts.length);
				expect(invalid).toEqual([]);
				expect(valid).toEqual(cited(text).sort());
				expect(valid).toHaveLength(sections.length);
			}),
			{ numRuns: 300 }
		);
	});
});

describe('the sections that are quoted', () => {
	it('are those with the rare words of the question, best first', async () => {
		const answer = await answerTo(
			'How do I trim the claws of a cat?',
			'The claws of a cat are sharp.',
			'The claws of a cat: trim them with clippers.'
		);
		expect(cited(answer)).toEqual([2, 1]);
	});

	it('are those that come first where the words say the same of all', async () => {
		const answer = await answerTo(
			'cats',
			...['sit', 'run', 'eat', 'play'].map((verb) => `Cats ${verb} all day.`)
		);
		expect(cited(answer)).toEqual([1, 2, 3]);
	});

	it('have to do with the question', async () => {
		const answer = await answerTo(
			'When does a cat purr?',
			'The weather is fine.',
			'A cat purrs when it is stroked.'
		);
		expect(cited(answer)).toEqual([2]);
	});

	it('are of different pages where they are about as good', async () => {
		const texts = ['sit', 'run', 'eat', 'play'].map((verb) => `Cats ${verb} all day.`);
		const documents = ['one.md', 'one.md', 'one.md', 'two.md'];
		const sources = texts.map((text, at) => ({ text, document: documents[at]!, n: at + 1 }));
		expect(cited(await answerTo('cats', ...sources))).toContain(4);
		// Without a page of its own the last one is not among the best three.
		const onePage = sources.map((each) => ({ ...each, document: 'one.md' }));
		expect(cited(await answerTo('cats', ...onePage))).not.toContain(4);
	});

	it('do not say the same twice', async () => {
		const same = 'A cat purrs when it is stroked by someone it knows.';
		const more = `${same} Really.`;
		expect(
			cited(await answerTo('When does a cat purr?', same, `> ${more}`, 'Cats purr in their sleep too.'))
		).toEqual([1, 3]);
	});

	it('hold more than their own heading, if there is such a section', async () => {
		const bare = { heading_path: ['Cats'], text: 'Cats' };
		expect(cited(await answerTo('cats', bare, 'All cats purr.'))).toEqual([2]);
		expect(cited(await answerTo('cats', bare))).toEqual([1]);
	});

	it('are the first two where no word is shared', async () => {
		expect(cited(await answerTo('Wie geht das?', 'Cats purr.', 'Dogs bark.', 'Cows moo.'))).toEqual([1, 2]);
	});

	it('are found in scripts without blanks, also beside a Latin name', async () => {
		const texts = ['天气很好。', '使用 useCat 抚摸时，猫会发出呼噜声。', '狗会叫。'];
		expect(cited(await answerTo('useCat是什么？猫什么时候发出呼噜声', ...texts))[0]).toBe(2);
		expect(
			cited(await answerTo('고양이를 어떻게 씻기나요?', '개가 짖는다.', '고양이는 물로 씻긴다.'))[0]
		).toBe(2);
	});
});

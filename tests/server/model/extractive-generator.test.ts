import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Source } from '#lib/contract/chunk.ts';
import { NO_USAGE } from '#lib/contract/trace.ts';
import { ExtractiveGenerator } from '#lib/server/model/extractive-generator.ts';
import { splitBlocks } from '#lib/server/model/quote-block.ts';
import { termsOf } from '#lib/server/model/quote-terms.ts';
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

/** What stands outside of fenced code, line by line, and the fence that is never closed, if there is one. */
function readFences(markdown: string): { prose: string; open: string | null } {
	let open: string | null = null;
	const prose: string[] = [];
	for (const line of markdown.split('\n')) {
		const fence = /^(`{3,}(?!.*`)|~{3,})/.exec(line)?.[1];
		if (!open && !fence) prose.push(line);
		else if (!open) open = fence!;
		else if (fence && line.trim() === fence && fence.startsWith(open)) open = null;
	}
	return { prose: prose.join('\n'), open };
}

describe('answers without a model', () => {
	it('do not pretend to come from one', async () => {
		const generator = new ExtractiveGenerator();
		const { text, result } = await collectAnswer(generator);
		expect(generator).toMatchObject({ model: 'extractive', builtIn: true });
		expect(text).toMatch(/^From the documentation:/);
		expect(result).toEqual({ finishReason: 'stop', usage: NO_USAGE, model: 'extractive' });
	});

	it('quote the sentence that has the rare words of the question, under its heading, cited', async () => {
		const text = await answerTo(
			'How do I trim the claws of a cat?',
			{ heading_path: ['Food'], text: 'A cat eats fish. A cat eats mice.' },
			{ heading_path: ['Grooming'], text: 'Cats are clean. Trim the claws of a cat with clippers.' }
		);
		const first = text.split('\n\n')[1];
		expect(first).toBe('**Pets › Grooming** [2]');
		expect(text).toContain('Trim the claws of a cat with clippers.');
	});

	it('keep code whole, with the sentence that announces it', async () => {
		const code = '```python\n@app.post("/cats")\nasync def create(cat: Cat):\n\n    return cat\n```';
		const text = await answerTo(
			'How do I create a POST endpoint?',
			`Endpoints are functions.\n\nTo create a POST endpoint, use the decorator:\n\n${code}\n\nThat is all.`
		);
		expect(text).toContain('> To create a POST endpoint, use the decorator:');
		expect(text).toContain(`\n\n${code}`);
	});

	it('find an identifier by its parts', async () => {
		const text = await answerTo(
			'What does the response model do?',
			'Unrelated words stand here.',
			'Set `response_model` to filter the output.'
		);
		expect(text).toContain('`response_model`');
		expect(text).not.toContain('Unrelated');
	});

	it('take in the sentence before one that refers back to it', async () => {
		const text = await answerTo('Is it lazy?', 'Iterators come first. This makes them lazy.');
		expect(text).toContain('> Iterators come first. This makes them lazy.');
	});

	it('keep the steps of a list with their numbers and levels', async () => {
		const text = await answerTo(
			'How do I wash a cat?',
			'To wash a cat:\n\n1. Fill the tub.\n2. Wash the cat:\n   - with soap\n   - with water\n'
		);
		expect(text).toContain('> 1. Fill the tub.\n> 2. Wash the cat:\n>     - with soap');
	});

	it('leave out what has nothing to do with the question, and what was quoted already', async () => {
		const same = 'A cat purrs when it is stroked.';
		const text = await answerTo('When does a cat purr?', same, same, 'The weather is fine.');
		expect(text.match(/purrs/g)).toHaveLength(1);
		expect(text).not.toContain('weather');
	});

	it('quote the first sources when no word is shared', async () => {
		const text = await answerTo('Wie geht das?', 'Cats purr.', 'Dogs bark.', 'Cows moo.');
		expect((await readCitations(text, 3)).valid).toEqual([1, 2]);
	});

	it('say so when there is nothing to quote', async () => {
		expect(await answerTo('Anything?')).toBe('There is no passage to quote.');
	});

	it('take no number of the documentation for a citation', async () => {
		const text = await answerTo(
			'What about cats?',
			'Cats purr, see [7] and `cats[8]` and [9](https://example.org).'
		);
		expect((await readCitations(text, 9)).valid).toEqual([1]);
		expect(text).toContain('`cats[8]`');
	});

	it('have no dead links and no pictures', async () => {
		const text = await answerTo(
			'cat',
			'A [cat](../cat.md){.link} and ![a cat](cat.png) and [more](https://example.org).'
		);
		expect(text).toContain('> A cat and  and [more](https://example.org).');
	});

	it('are the same for the same request', async () => {
		const ask = () => answerTo('cats and dogs', 'Cats purr.', 'Dogs bark. Cats do not.');
		expect(await ask()).toBe(await ask());
	});

	it('come in words, so that others have their turn', async () => {
		let turns = 0;
		let running = true;
		const count = () => {
			turns += 1;
			if (running) setImmediate(count);
		};
		setImmediate(count);
		const { pieces, text } = await collectAnswer(new ExtractiveGenerator());
		running = false;
		expect(pieces.length).toBe(text.match(/\S+/g)!.length);
		expect(turns).toBeGreaterThanOrEqual(pieces.length - 1);
	});

	it('take a backtick that opens no code for text', async () => {
		const text = await answerTo('When do cats purr?', 'Cats purr `code\nSee [3].\n```inline``` [4]');
		expect((await readCitations(text, 1)).invalid).toEqual([]);
	});

	it('only ever quote: every word is in a source, and every citation is of one that is quoted', async () => {
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
			'    indented'
		);
		const source = fc.array(line, { maxLength: 14 }).map((lines) => lines.join('\n'));
		await fc.assert(
			fc.asyncProperty(fc.array(source, { maxLength: 5 }), async (texts) => {
				const text = await answerTo('When do cats purr and dogs bark?', ...texts);
				const known = new Set(texts.join('\n').match(/\w+/g));
				for (const word of `From the documentation There is no passage to quote Pets Part 1 2 3 4 5`.split(
					' '
				)) {
					known.add(word);
				}
				for (const word of text.match(/\w+/g) ?? []) expect(known).toContain(word);
				const { prose, open } = readFences(text);
				expect((await readCitations(prose, texts.length)).invalid).toEqual([]);
				expect(open).toBeNull();
			}),
			{ numRuns: 300 }
		);
	});
});

describe('blocks of a passage', () => {
	it('are paragraphs, items, code and tables, without headings', () => {
		const markdown =
			'# Title\n\nOne\ntwo.\n\n- a\n  more\n- b\n\n```js\nx\n\ny\n```\n\n| a |\n|---|\n\n---\nlast';
		expect(splitBlocks(markdown).map(({ kind, text }) => [kind, text])).toEqual([
			['paragraph', 'One two.'],
			['item', 'a more'],
			['item', 'b'],
			['code', '```js\nx\n\ny\n```'],
			['table', '| a |\n|---|'],
			['paragraph', 'last']
		]);
	});

	it.each([
		['cut off', '```js\nx = 1', '```js\nx = 1\n```'],
		['in a list', '- a\n  ```js\n  if (x)\n    y\n  ```', '```js\nif (x)\n  y\n```'],
		['in a quotation', '> ```js\n> x = 1\n> ```\n> more', '```js\nx = 1\n```'],
		['with tildes around backticks', '~~~md\n```\nx\n```\n~~~', '~~~md\n```\nx\n```\n~~~']
	])('code that is %s', (_name, markdown, code) => {
		expect(splitBlocks(markdown).find(({ kind }) => kind === 'code')?.text).toBe(code);
	});

	it.each([['```\n```'], ['```mermaid\ngraph LR\na --> b\n```']])('no code in %j', (markdown) => {
		expect(splitBlocks(markdown)).toEqual([]);
	});
});

describe('terms', () => {
	it.each([
		['How do I use the cats?', ['cat']],
		['response_model', ['response_model', 'respons', 'model']],
		['HTTPException', ['httpexception', 'http', 'except']],
		['asyncio.gather', ['asyncio.gather', 'asyncio', 'gather']],
		['--reload', ['reload']],
		['Größe 猫', ['größe', '猫']]
	])('of %s', (text, terms) => {
		expect([...termsOf(text)]).toEqual(terms);
	});
});

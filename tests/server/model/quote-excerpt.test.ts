import fc from 'fast-check';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import { splitBlocks } from '#lib/server/model/quote-block.ts';
import { chooseBlocks, writeExcerpt } from '#lib/server/model/quote-excerpt.ts';

const parser = unified().use(remarkParse).use(remarkGfm);

/** The excerpt that is as long as `room` and holds the first block with this word. */
function excerptAbout(
	word: string,
	{ markdown, room, whole = room }: { markdown: string; room: number; whole?: number }
): string {
	const passage = splitBlocks(markdown);
	const scores = passage.blocks.map(({ text }) => (text.includes(word) ? 1 : 0));
	return writeExcerpt(passage, chooseBlocks(passage.blocks, scores, { cut: room, whole }));
}

/** Without the blank lines that an open fence may have at its end. */
function codeIn(markdown: string): string[] {
	const code: string[] = [];
	visit(parser.parse(markdown), 'code', ({ value }) => void code.push(value.trimEnd()));
	return code;
}

const filler = (text: string) => `${text} ${'and so on '.repeat(30)}`.trim();

describe('a whole passage', () => {
	it('is written as it stands', () => {
		const markdown =
			'# A\n\nOne\ntwo.\n\n1. x\n   - y\n\n     z\n2. w\n\n> q\n>\n> r\n\n---\n\n| a |\n|---|\n| 1 |\n\n```js\n\n\nx\n```';
		const passage = splitBlocks(markdown);
		expect(writeExcerpt(passage, passage.blocks.keys())).toBe(markdown);
	});

	it.each([
		['You can write:', true],
		['- One.\n- It will:', true],
		['One.\n\n**Example**', true],
		['> One:', true],
		['One:\n\n![a picture](a.png)', true],
		['One:\n\n```js\nx:\n```', false],
		['| a: |\n|---|\n| 1: |', false],
		['One: two.', false]
	])('has a mark behind %j where that announces what is missing', (markdown, isMissing) => {
		const passage = splitBlocks(markdown);
		const shown = markdown.replace(/\n\n!.*/, '');
		expect(writeExcerpt(passage, passage.blocks.keys())).toBe(isMissing ? `${shown}\n\n…` : shown);
	});

	it('loses its images, the items that held nothing else, and its definitions', () => {
		const passage = splitBlocks('![a](a.png)\n\nOne.\n\n- ![b](b.png)\n- two ![c]\n\n[c]: c.png\n\nThree.');
		expect(writeExcerpt(passage, passage.blocks.keys())).toBe('One.\n\n- two \n\nThree.');
	});
});

describe('a passage that is too long', () => {
	const [one, two, three, four] = ['One.', 'Two.', 'Three.', 'Four.'].map(filler);

	it('is shortened around what answers, with a mark where something is missing', () => {
		const markdown = [one, two, 'The answer.', three, four].join('\n\n');
		expect(excerptAbout('answer', { markdown, room: 400 })).toBe(`…\n\nThe answer.\n\n${three}\n\n…`);
		expect(excerptAbout('answer', { markdown, room: 50 })).toBe('…\n\nThe answer.\n\n…');
	});

	it('keeps two places that answer', () => {
		const markdown = ['An answer.', one, two, 'More of the answer.', three].join('\n\n');
		expect(excerptAbout('answer', { markdown, room: 60 })).toBe(
			'An answer.\n\n…\n\nMore of the answer.\n\n…'
		);
	});

	it('leaves nothing short out', () => {
		const markdown = ['Before.', 'The answer.', one, 'Another answer.', 'After.'].join('\n\n');
		expect(excerptAbout('answer', { markdown, room: 50 })).toBe(
			'Before.\n\nThe answer.\n\n…\n\nAnother answer.\n\nAfter.'
		);
	});

	it('keeps code whole, with the text before it', () => {
		const code = `\`\`\`js\n${'answer();\n\n'.repeat(40)}\`\`\``;
		expect(excerptAbout('answer();', { markdown: [one, two, code, three].join('\n\n'), room: 100 })).toBe(
			`…\n\n${two}\n\n${code}\n\n…`
		);
	});

	it('may be longer where the code of a text needs the room', () => {
		const code = `\`\`\`js\n${'close(valve)\n'.repeat(30)}\`\`\``;
		const markdown = ['The answer.', code, one, two].join('\n\n');
		expect(excerptAbout('answer', { markdown, room: 200 })).toBe('The answer.\n\n…');
		expect(excerptAbout('answer', { markdown, room: 200, whole: 500 })).toBe(`The answer.\n\n${code}\n\n…`);
	});

	it('has the code of a step rather than the same step in another language', () => {
		const step = (name: string) =>
			`Close the valve with the \`${name}\` function before the pump starts, because the pressure of the answer would damage the seals of the engine.`;
		const python = `\`\`\`python\n${'close_valve(1)\n'.repeat(20)}\`\`\``;
		const script = `\`\`\`js\n${'closeValve(1)\n'.repeat(20)}\`\`\``;
		const markdown = [step('close_valve'), python, step('closeValve'), script].join('\n\n');
		expect(excerptAbout('answer', { markdown, room: 520 })).toBe(`${step('close_valve')}\n\n${python}\n\n…`);
	});

	it('keeps what an announcement announces, and the announcement of a list', () => {
		const markdown = [one, 'The answer:', `- ${two}`, `- ${three}`, '- last', four].join('\n\n');
		expect(excerptAbout('answer', { markdown, room: 1 })).toBe(`…\n\nThe answer:\n\n- ${two}\n\n…`);
		expect(excerptAbout('last', { markdown, room: 1 })).toBe(
			`…\n\nThe answer:\n\n- ${two}\n\n…\n\n- last\n\n…`
		);
	});

	it('keeps the item that something is nested in', () => {
		const markdown = `1. Do this:\n   - ${one}\n   - ${two}\n\n     \`\`\`\n     answer\n     \`\`\`\n2. ${three}`;
		expect(excerptAbout('answer', { markdown, room: 1 })).toBe(
			`1. Do this:\n   - ${one}\n   - ${two}\n\n     \`\`\`\n     answer\n     \`\`\`\n\n…`
		);
		const other = `1. Do this.\n\n   ${one}\n\n   The answer.\n2. ${three}`;
		expect(excerptAbout('answer', { markdown: other, room: 1 })).toBe(
			'1. Do this.\n\n   …\n\n   The answer.\n\n…'
		);
	});

	it('keeps the head of a table, and marks the rows that are missing', () => {
		const rows = [`| ${one} |`, `| ${two} |`, '| answer |', `| ${three} |`];
		const markdown = `Values:\n\n| name |\n|---|\n${rows.join('\n')}\n\n${four}`;
		expect(excerptAbout('answer', { markdown, room: 1 })).toBe(
			'Values:\n\n| name |\n|---|\n| … |\n| answer |\n| … |\n\n…'
		);
	});

	it('stays inside a quote', () => {
		const markdown = `> First.\n>\n> ${one}\n>\n> The answer.`;
		expect(excerptAbout('First', { markdown: `${markdown}\n\n${two}`, room: 1 })).toContain('> First.\n\n…');
		const both = splitBlocks(markdown);
		expect(writeExcerpt(both, [0, 2])).toBe('> First.\n>\n> …\n>\n> The answer.');
	});

	it('holds only blocks that are in the passage, and reads as they do there', () => {
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
			'> - item',
			'~~~',
			'  ```',
			'- ```sh',
			'---',
			'\ttabbed',
			'    indented'
		);
		const passages = fc.array(line, { maxLength: 20 }).map((lines) => splitBlocks(lines.join('\n')));
		fc.assert(
			fc.property(passages, fc.infiniteStream(fc.nat(3)), fc.nat(150), (passage, stream, room) => {
				const { blocks, lines } = passage;
				const scores = blocks.map(() => stream.next().value as number);
				const excerpt = writeExcerpt(passage, chooseBlocks(blocks, scores, { cut: room, whole: 2 * room }));
				const known = new Set([...lines, ...blocks.flatMap(({ text }) => text.split('\n'))]);
				const own = excerpt
					.split('\n')
					.filter((each) => /[^\s>]/.test(each) && !/^[\s>]*(?:…|\| … \|)$/.test(each));
				for (const each of own) expect(known).toContain(each.replaceAll('\\[', '['));
				const code = codeIn(lines.join('\n'));
				for (const each of codeIn(excerpt)) expect(code).toContain(each);
			}),
			{ numRuns: 300 }
		);
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkDocument, cutMarkdown } from '#lib/server/ingest/chunk.ts';
import { chunkSchema } from '#lib/contract/chunk.ts';
import { passagesOf } from './passages.ts';

const sentence = 'The lantern burns through the night and is put out in the morning.';
const paragraphs = (count: number) =>
	Array.from({ length: count }, (_, index) => `${index}. ${sentence} ${sentence}`);
const word = fc.stringMatching(/^[a-z]{1,12}$/);
const paragraph = fc.array(word, { minLength: 1, maxLength: 120 }).map((words) => words.join(' '));

describe('cutting', () => {
	it('cuts long text at paragraphs into about a thousand characters', () => {
		const passages = cutMarkdown(paragraphs(40).join('\n\n'));
		expect(passages.join('\n\n')).toBe(paragraphs(40).join('\n\n'));
		for (const passage of passages.slice(0, -1)) expect(passage.length).toBeGreaterThan(700);
		for (const passage of passages) expect(passage.length).toBeLessThanOrEqual(1400);
	});

	it('never joins text of two headings', () => {
		expect(passagesOf('## One\n\na\n\n## Two\n\nb').map((passage) => passage.text)).toEqual(['a', 'b']);
	});

	it('keeps code whole up to twice the target, with the sentence that announces it', () => {
		const code = `\`\`\`python\n${'value = compute()\n\n'.repeat(80)}\`\`\``;
		const passages = cutMarkdown([...paragraphs(6), 'For example:', code, ...paragraphs(2)].join('\n\n'));
		expect(passages.find((passage) => passage.includes(code))).toMatch(/^For example:\n\n```python/);
	});

	it('cuts longer code and fences every piece', () => {
		const body = Array.from(
			{ length: 60 },
			(_, index) => `def function_${index}():\n    return ${'x'.repeat(40)}\n`
		).join('\n');
		const passages = cutMarkdown(`\`\`\`python\n${body}\`\`\``);
		expect(passages.length).toBeGreaterThan(2);
		for (const passage of passages) expect(passage).toMatch(/^```python\ndef [^]*\n```$/);
	});

	it('repeats the head of a table that is cut', () => {
		const rows = Array.from({ length: 60 }, (_, index) => `| name ${index} | ${sentence} |`);
		const passages = cutMarkdown(['| Name | Meaning |', '| --- | --- |', ...rows].join('\n'));
		expect(passages.length).toBeGreaterThan(2);
		for (const passage of passages)
			expect(passage).toMatch(/^\| Name \| Meaning \|\n\| --- \| --- \|\n\| name/);
	});

	it('cuts a list between its items', () => {
		const passages = cutMarkdown(Array.from({ length: 60 }, () => `- ${sentence}`).join('\n'));
		for (const passage of passages) expect(passage).toMatch(/^- The lantern[^]*morning\.$/);
	});

	it('does not leave a tiny rest behind', () => {
		const passages = cutMarkdown([...paragraphs(10), 'The end.'].join('\n\n'));
		expect(passages.at(-1)).toMatch(/.{200}\n\nThe end\.$/s);
	});

	it('cuts even what offers no place to cut', () => {
		const passages = cutMarkdown('🏮'.repeat(3000));
		expect(passages.join('')).toBe('🏮'.repeat(3000));
		for (const passage of passages) expect(passage.isWellFormed() && passage.length <= 1400).toBe(true);
	});

	it('keeps a heading without content as a passage, but not one that only has subsections', () => {
		expect(passagesOf('# Top\n\n## Empty\n\n## Full\n\nWords.').map(({ text }) => text)).toEqual([
			'Empty',
			'Words.'
		]);
	});

	it('loses no word and keeps their order', () => {
		fc.assert(
			fc.property(fc.array(paragraph, { minLength: 1, maxLength: 30 }), (texts) => {
				const cut = passagesOf(texts.join('\n\n'), 'text').map((passage) => passage.text);
				expect(cut.join(' ').split(/\s+/)).toEqual(texts.join(' ').split(/\s+/));
			})
		);
	});

	it('loses no word of Markdown paragraphs under any headings', () => {
		const part = fc.tuple(fc.integer({ min: 1, max: 4 }), word, paragraph);
		fc.assert(
			fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (parts) => {
				const source = parts
					.map(([depth, title, text]) => `${'#'.repeat(depth)} ${title}\n\n${text}`)
					.join('\n\n');
				const words = passagesOf(source).flatMap((passage) => passage.text.split(/\s+/));
				expect(words).toEqual(parts.flatMap(([, , text]) => text.split(/\s+/)));
			})
		);
	});
});

describe('passages', () => {
	const parsed = {
		title: 'T',
		sections: [
			{ headings: [], text: 'same' },
			{ headings: [{ text: 'H', anchor: 'h' }], text: 'same' }
		]
	};
	const address = { library: 'lantern', document: 'a.md', title: 'T', url: null };

	it('have the shape of the contract', () => {
		for (const chunk of chunkDocument(parsed, address))
			expect(chunkSchema.strict().parse(chunk)).toEqual(chunk);
	});

	it('have ids that depend on library, document, position and content', () => {
		const ids = (change: object) =>
			chunkDocument(parsed, { ...address, ...change }).map((chunk) => chunk.chunk_id);
		expect(ids({})).toEqual(ids({ title: 'Other', url: 'https://example.com/a' }));
		expect(new Set([...ids({}), ...ids({ library: 'other' }), ...ids({ document: 'b.md' })]).size).toBe(6);
		for (const id of ids({})) expect(id).toMatch(/^[0-9a-f]{16}$/);
	});

	it('have unique ids and known anchors in any document', () => {
		fc.assert(
			fc.property(
				fc.array(
					fc.oneof(
						paragraph,
						word.map((title) => `## ${title}`)
					),
					{ maxLength: 40 }
				),
				(blocks) => {
					const chunks = passagesOf(blocks.join('\n\n'));
					expect(new Set(chunks.map((chunk) => chunk.chunk_id)).size).toBe(chunks.length);
					for (const chunk of chunks) expect(chunk.anchor === null).toBe(chunk.heading_path.length === 0);
				}
			)
		);
	});
});

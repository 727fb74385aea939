import { describe, expect, it } from 'vitest';
import { buildPrompt, freshBoundary, NO_ANSWER_MARKER, type Doubt } from '#lib/server/rag/prompt.ts';
import { source as sourceOf } from '../../fixtures/passages.ts';

const source = (n: number, text: string) => sourceOf(n, { text });

describe('the prompt', () => {
	it('carries every passage word for word under its number, and the question last', () => {
		const sources = [source(1, 'First text.'), source(2, 'Second `code`.')];
		const messages = buildPrompt('How?', sources, [], { boundary: 'b0undary', doubt: 'none' });
		const user = messages.at(-1)?.content ?? '';
		for (const { n, text } of sources) {
			expect(user).toContain(`<passage-b0undary n="${n}">`);
			expect(user).toContain(text);
		}
		expect(user.trimEnd().endsWith('Question: How?')).toBe(true);
	});

	it('starts with the rules: only from the passages, cite, say when they do not answer', () => {
		const [system] = buildPrompt('How?', [source(1, 'Text.')], [], { boundary: 'b', doubt: 'none' });
		expect(system?.role).toBe('system');
		expect(system?.content).toMatch(/only from the numbered passages/i);
		expect(system?.content).toContain('[1]');
		expect(system?.content).toMatch(/do not answer the question, say so/i);
	});

	it('tells how to say that there is no answer where the evidence is thin, and only there', () => {
		const rules = (doubt: Doubt) =>
			buildPrompt('How?', [source(1, 'Text.')], [], { boundary: 'b', doubt })[0]!.content;
		expect(rules('thin')).toContain(NO_ANSWER_MARKER);
		expect(rules('none')).not.toContain(NO_ANSWER_MARKER);
		expect(rules('answer_anyway')).not.toContain(NO_ANSWER_MARKER);
		expect(rules('answer_anyway')).toMatch(/as far as they go/);
	});

	it('puts earlier turns between rules and question, without their citations', () => {
		const turns = [{ question: 'What is it?', answer: 'A framework [1][2].' }];
		const messages = buildPrompt('Why?', [source(1, 'Text.')], turns, { boundary: 'b', doubt: 'none' });
		expect(messages.map((message) => message.role)).toEqual(['system', 'user', 'assistant', 'user']);
		expect(messages[2]?.content).toBe('A framework.');
	});

	it('takes a boundary that no passage contains, and a new one each time', () => {
		const sources = [source(1, 'abcdef012345'.repeat(50))];
		const first = freshBoundary(sources);
		const second = freshBoundary(sources);
		expect(sources[0]?.text).not.toContain(first);
		expect(first).not.toBe(second);
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThinkFilter } from '#lib/server/model/think-filter.ts';

function filter(pieces: readonly string[]): string {
	const think = new ThinkFilter();
	return pieces.map((piece) => think.push(piece)).join('') + think.end();
}

describe('inline reasoning', () => {
	it.each([
		['nothing to take out', 'a < b and c > d', 'a < b and c > d'],
		['a block before the answer', '<think>hm</think>answer', 'answer'],
		['a block in the middle', 'one <think>hm</think>two', 'one two'],
		['several blocks', '<think>a</think>1<think>b</think>2', '12'],
		['an empty block', '<think></think>a', 'a'],
		['capital letters', '<THINK>hm</Think>a', 'a'],
		['a block that is never closed', 'a<think>hm', 'a'],
		['a tag that is not whole', 'a <thin', 'a <thin'],
		['another tag', '<thinker>a</thinker>', '<thinker>a</thinker>'],
		['an end without a beginning', 'a</think>b', 'a</think>b'],
		['a beginning inside a block', '<think>a<think>b</think>c', 'c'],
		['code in a block', '<think>`x` ```</think>a', 'a'],
		['a tag in inline code', 'Use `<think>` tags', 'Use `<think>` tags'],
		['a tag in a fence', '```xml\n<think>\n```\nb<think>c</think>', '```xml\n<think>\n```\nb'],
		['tags of other names', '<reasoning>hm</reasoning>a <thinking>hm</thinking>b', 'a b'],
		['the tags of Kimi', '◁think▷hm◁/think▷a', 'a'],
		['a tag of another name within a line', 'the <thought> tag', 'the <thought> tag'],
		[
			'channels of harmony',
			'<|channel|>analysis<|message|>hm<|end|><|channel|>final<|message|>a<|return|>',
			'a'
		],
		['a message of harmony without a channel', '<|start|>assistant<|message|>a<|end|>', 'a'],
		['a comment to tools', '<|channel|>commentary to=x<|constrain|>json<|message|>{}<|call|>a', 'a'],
		['harmony in code', '`<|channel|>` opens one', '`<|channel|>` opens one'],
		['a backtick alone does not reach beyond its paragraph', 'a ` b\n\n<think>hm</think>c', 'a ` b\n\nc']
	])('%s', (_name, text, answer) => {
		expect(filter([text])).toBe(answer);
	});

	it('gives the same text wherever the answer is cut', () => {
		const parts = fc.constantFrom(
			'<think>',
			'</think>',
			'<|channel|>',
			'<|message|>',
			'<|end|>',
			'final',
			'◁think▷',
			'<',
			'think',
			'>',
			'`',
			'``',
			'```',
			'\n',
			'\n\n',
			'a',
			' ',
			'</',
			'é🐈'
		);
		const text = fc.array(parts, { maxLength: 25 }).map((each) => each.join(''));
		fc.assert(
			fc.property(text, fc.array(fc.nat(80), { maxLength: 12 }), (whole, cuts) => {
				const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort(
					(a, b) => a - b
				);
				const pieces = places.slice(1).map((place, at) => whole.slice(places[at], place));
				expect(filter(pieces)).toBe(filter([whole]));
				expect(filter([...whole])).toBe(filter([whole]));
			}),
			{ numRuns: 3000 }
		);
	});

	it('holds nothing back that cannot be a tag', () => {
		const think = new ThinkFilter();
		expect(think.push('Hello')).toBe('Hello');
		expect(think.push(' <')).toBe(' ');
		expect(think.push('b')).toBe('<b');
	});

	it('sees that a closing tag on a line of its own had no opening one', () => {
		const unopened = (text: string) => {
			const think = new ThinkFilter();
			think.push(text);
			think.end();
			return think.isUnopened;
		};
		expect(unopened('hm\n</think>\na')).toBe(true);
		expect(unopened('the </think> tag')).toBe(false);
		expect(unopened('<think>hm</think>\n</think>')).toBe(false);
	});

	it('begins in reasoning where it is told so, wherever the text is cut', () => {
		const read = (pieces: string[]) => {
			const think = new ThinkFilter({ startsInReasoning: true });
			return pieces.map((piece) => think.push(piece)).join('') + think.end();
		};
		expect(read(['hm `x', '\n</thi', 'nk>\n\na `b`'])).toBe('\n\na `b`');
		expect(read([...'hm</think>a'])).toBe('a');
		// Without a closing tag it was an answer after all.
		expect(read(['a', ' b'])).toBe('a b');
	});

	it('counts what it took out', () => {
		const think = new ThinkFilter();
		for (const character of 'a<think>12345</think>b') think.push(character);
		expect(think.removedCharacters).toBe(5);
	});
});

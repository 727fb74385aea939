import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usageSchema } from '#lib/contract/trace.ts';
import { estimateUsage, readUsage } from '#lib/server/model/token-usage.ts';

describe('reported usage', () => {
	it.each([
		['all three', { prompt_tokens: 1, completion_tokens: 2, total_tokens: 9 }, [1, 2, 9]],
		['the sum is filled in', { prompt_tokens: 1, completion_tokens: 2 }, [1, 2, 3]],
		['nothing written', { prompt_tokens: 7, completion_tokens: 0 }, [7, 0, 7]],
		['an empty prompt is none', { prompt_tokens: 0, completion_tokens: 4, total_tokens: 4 }, [null, 4, 4]],
		['a sum of zero is none', { prompt_tokens: 3, completion_tokens: 4, total_tokens: 0 }, [3, 4, 7]],
		['one part alone', { prompt_tokens: 1, completion_tokens: -2 }, [1, null, null]],
		['fractions do not count', { prompt_tokens: 1.5, completion_tokens: 2 }, [null, 2, null]]
	])('%s', (_name, value, counts) => {
		const usage = readUsage(value)!;
		expect([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]).toEqual(counts);
		expect(usage.source).toBe('reported');
	});

	it('is none where all counts are zero', () => {
		expect(readUsage({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })).toBe(null);
	});

	it('is null, or fits the contract, whatever the server sends', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const usage = readUsage(value);
				if (usage) expect(usageSchema.safeParse(usage).success).toBe(true);
			})
		);
	});
});

it('an estimate is a quarter of the characters', () => {
	expect(estimateUsage(400, 9)).toEqual({
		prompt_tokens: 100,
		completion_tokens: 3,
		total_tokens: 103,
		source: 'estimated'
	});
});

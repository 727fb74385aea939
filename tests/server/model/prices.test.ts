import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeSettings } from '#lib/server/config.ts';
import { NO_USAGE, type Usage } from '#lib/contract/trace.ts';
import { DEFAULT_PRICES_DATE, loadPrices, PriceList } from '#lib/server/model/prices.ts';

const usage: Usage = {
	prompt_tokens: 1_000_000,
	completion_tokens: 500_000,
	total_tokens: 1_500_000,
	source: 'reported'
};

describe('cost', () => {
	const prices = new PriceList({ cheap: { input: 2, output: 10 }, free: { input: 0, output: 0 } });

	it('is in dollars for a million tokens', () => {
		expect(prices.cost('cheap', usage)).toBe(7);
	});

	it('of a dated version is that of its model', () => {
		expect(prices.cost('cheap-2026-01-31', usage)).toBe(7);
		expect(prices.cost('cheap-20260131', usage)).toBe(7);
	});

	it('of a free model is 0', () => {
		expect(prices.cost('free', usage)).toBe(0);
	});

	it.each([
		['an unknown model', 'other', usage],
		['a model whose name only begins alike', 'cheaper', usage],
		['missing usage', 'cheap', NO_USAGE],
		['half of the usage', 'cheap', { ...usage, completion_tokens: null }],
		['a name that every object has', 'constructor', usage]
	])('of %s is null, never 0', (_name, model, given) => {
		expect(prices.cost(model, given)).toBeNull();
	});
});

it('default prices are those of the date that the settings name', () => {
	const { help } = describeSettings().find(({ name }) => name === 'PRICES')!;
	expect(help).toContain(DEFAULT_PRICES_DATE);
});

describe('price file', () => {
	const folder = mkdtempSync(join(tmpdir(), 'citelight-prices-'));
	afterAll(() => rmSync(folder, { recursive: true }));
	const file = (content: string) => {
		const path = join(folder, 'prices.json');
		writeFileSync(path, content);
		return path;
	};

	it('adds to the default prices and replaces them', () => {
		const prices = loadPrices(
			file('{"mine": {"input": 1, "output": 0}, "gpt-5": {"input": 3, "output": 0}}')
		);
		expect(prices.cost('mine', usage)).toBe(1);
		expect(prices.cost('gpt-5', usage)).toBe(3);
		expect(prices.cost('gpt-5-mini', usage)).toBe(loadPrices().cost('gpt-5-mini', usage));
	});

	it.each([
		['is no JSON', 'prices'],
		['is of another shape', '{"mine": 3}'],
		['has a negative price', '{"mine": {"input": -1, "output": 0}}']
	])('that %s stops the start with a line that names the setting', (_name, content) => {
		expect(() => loadPrices(file(content))).toThrow(
			expect.objectContaining({
				code: 'invalid_config',
				message: expect.stringMatching(/^PRICES must [^\n]+$/)
			})
		);
	});

	it('that is missing stops the start, without telling the path', () => {
		expect(() => loadPrices(join(folder, 'none.json'))).toThrow(
			expect.objectContaining({ code: 'invalid_config', message: expect.not.stringContaining(folder) })
		);
	});
});

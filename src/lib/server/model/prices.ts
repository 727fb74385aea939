import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Usage } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';

/** US dollars per million tokens. */
const priceSchema = z.object({ input: z.number().nonnegative(), output: z.number().nonnegative() });
type Price = z.infer<typeof priceSchema>;

const pricesSchema = z.record(z.string(), priceSchema);

/** When the table below was written. Prices change: for bills that matter, give your own file. */
export const DEFAULT_PRICES_DATE = '2025-08-31';

/** List prices of some models, without discounts for cached or batched input, as of `DEFAULT_PRICES_DATE`. */
const defaultPrices: Record<string, Price> = {
	'gpt-5': { input: 1.25, output: 10 },
	'gpt-5-mini': { input: 0.25, output: 2 },
	'gpt-5-nano': { input: 0.05, output: 0.4 },
	'gpt-4.1': { input: 2, output: 8 },
	'gpt-4.1-mini': { input: 0.4, output: 1.6 },
	'gpt-4.1-nano': { input: 0.1, output: 0.4 },
	'gpt-4o': { input: 2.5, output: 10 },
	'gpt-4o-mini': { input: 0.15, output: 0.6 },
	'moonshot-v1-8k': { input: 0.2, output: 2 },
	'moonshot-v1-32k': { input: 1, output: 3 },
	'moonshot-v1-128k': { input: 2, output: 5 }
};

/** What model calls cost. */
export class PriceList {
	readonly #prices: ReadonlyMap<string, Price>;

	constructor(prices: Readonly<Record<string, Price>>) {
		this.#prices = new Map(Object.entries(prices));
	}

	/**
	 * The cost of a call in US dollars; null when the model's price or a token count is unknown, never 0 for unknown. A dated
	 * version (`gpt-4o-2024-08-06`) costs what its model costs unless it has a price of its own.
	 */
	cost(model: string, usage: Usage): number | null {
		const price = this.#prices.get(model) ?? this.#prices.get(model.replace(/-\d{4}-?\d{2}-?\d{2}$/, ''));
		if (!price || usage.prompt_tokens === null || usage.completion_tokens === null) return null;
		return (usage.prompt_tokens * price.input + usage.completion_tokens * price.output) / 1_000_000;
	}

	/** What so many tokens cost at the dearest price of the list, in US dollars: for caps, where no price is known. */
	highestCost(tokens: number): number {
		const dearest = Math.max(
			0,
			...[...this.#prices.values()].flatMap(({ input, output }) => [input, output])
		);
		return (tokens * dearest) / 1_000_000;
	}
}

/**
 * The prices of a file, on top of the default ones. The file is JSON: model name to `{"input": …, "output": …}` in US
 * dollars per million tokens.
 * @throws AppError `invalid_config` when the file cannot be read or is not of that shape.
 */
export function loadPrices(path?: string): PriceList {
	if (!path) return new PriceList(defaultPrices);
	let given: unknown;
	try {
		given = JSON.parse(readFileSync(path, 'utf8'));
	} catch (cause) {
		throw new AppError('invalid_config', 'PRICES must name a readable JSON file.', { cause });
	}
	const parsed = pricesSchema.safeParse(given);
	if (!parsed.success) {
		throw new AppError(
			'invalid_config',
			`PRICES must map model names to {"input", "output"} in US dollars per million tokens; ${parsed.error.issues[0]?.path.join('.') || 'the file'} is not.`
		);
	}
	return new PriceList({ ...defaultPrices, ...parsed.data });
}

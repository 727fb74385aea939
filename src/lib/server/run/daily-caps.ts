import type { Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { estimatePromptTokens, estimateTextTokens } from '#lib/server/rag/token-estimate.ts';
import type { SpendingStore } from '#lib/server/store/spending.ts';
import { RepeatedFailureLog } from './failure-log.ts';

/** Takes down what a run has used, once, when it has ended. */
export type Settle = (trace: Trace) => void;

/** What an answer is taken to need before any has ended today, in tokens. */
export const FIRST_GUESS_TOKENS = 2000;

export interface DailyCapOptions {
	store: SpendingStore;
	/** Tokens a UTC day, prompts and answers together; undefined sets no cap. */
	tokens: number | undefined;
	/** US dollars a UTC day; undefined sets no cap. */
	costUsd: number | undefined;
	/** US dollars of tokens whose model has no known price. */
	unpricedCost(tokens: number): number;
	now?: () => Date;
}

/**
 * Caps on what all answers of a UTC day use together. They refuse before anything is spent: when what was used, and what
 * the answers that are being written will need if they are like the others of the day, reaches the cap.
 *
 * Unknown counts are never taken for nothing: tokens that no server reported are estimated from the texts, and a cost
 * without a known price counts at the dearest one of the price list.
 */
export class DailyCaps {
	readonly #options: DailyCapOptions;
	readonly #now: () => Date;
	#writing = 0;
	readonly #failures = new RepeatedFailureLog();

	constructor(options: DailyCapOptions) {
		this.#options = options;
		this.#now = options.now ?? (() => new Date());
	}

	/** @throws AppError `rate_limited` until the day is over. */
	require(): void {
		const { tokens: tokenCap, costUsd: costCap } = this.#options;
		if (tokenCap === undefined && costCap === undefined) return;
		const now = this.#now();
		const spent = this.#options.store.spent(dayOf(now));
		const share = (used: number, first: number) => (spent.answers > 0 ? used / spent.answers : first);
		const tokens = spent.tokens + this.#writing * share(spent.tokens, FIRST_GUESS_TOKENS);
		const cost = spent.cost_usd + this.#writing * share(spent.cost_usd, 0);
		if (tokenCap !== undefined && tokens >= tokenCap) throw exhausted('tokens', now);
		if (costCap !== undefined && cost >= costCap) throw exhausted('money', now);
	}

	/** Takes down that an answer has begun; to be settled at its end. */
	open(): Settle {
		this.#writing += 1;
		return (trace) => {
			this.#writing -= 1;
			const { tokens, costUsd } = this.#used(trace);
			try {
				this.#options.store.add(dayOf(this.#now()), { answers: 1, tokens, cost_usd: costUsd });
			} catch (thrown) {
				this.#failures.note('writing down what an answer has used', thrown);
			}
		};
	}

	#used(trace: Trace): { tokens: number; costUsd: number } {
		const tokens = tokensOf(trace);
		if (tokens === 0) return { tokens, costUsd: 0 };
		return { tokens, costUsd: trace.cost_usd ?? this.#options.unpricedCost(tokens) };
	}
}

/** Tokens of all model calls of a run; estimated where none were reported, 0 when no model was called. */
export function tokensOf({ usage, prompt, answer, steps, cost_usd }: Trace): number {
	if (usage.total_tokens !== null) return usage.total_tokens;
	const isCalled = steps.some(({ name }) => name === 'llm_generation');
	// Known to have cost nothing: the built-in generator.
	if (!isCalled || cost_usd === 0) return 0;
	return estimatePromptTokens(prompt) + estimateTextTokens(answer ?? '');
}

/** The UTC day of a moment, such as `2026-02-05`. */
export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

/** Seconds until the UTC day is over, 1 at least. */
export function secondsLeft(now: Date): number {
	const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
	return Math.max(1, Math.ceil((midnight - now.getTime()) / 1000));
}

function exhausted(what: 'tokens' | 'money', now: Date): AppError {
	return new AppError(
		'rate_limited',
		`Today's budget of ${what} for answers is used up. Ask again after midnight UTC.`,
		{ retryAfterSeconds: secondsLeft(now) }
	);
}

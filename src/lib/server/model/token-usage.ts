import type { Usage } from '#lib/contract/trace.ts';

/** Characters to a token, as OpenAI gives it for English text; code and other languages differ. Approximate. */
const CHARACTERS_PER_TOKEN = 4;

/** No model takes or writes more tokens in one call; a larger count is a broken server's. */
const MOST_TOKENS = 1_000_000_000;

/**
 * Token counts as a server reported them; null when there are none that make sense. Counts that are negative, huge or
 * no numbers are left out rather than believed.
 */
export function readUsage(value: unknown): Usage | null {
	if (typeof value !== 'object' || value === null) return null;
	const usage = value as Record<string, unknown>;
	// No prompt is empty: a zero is the count of a server that does not count. So is one of nothing written, beside it.
	const prompt = readCount(usage.prompt_tokens) || null;
	const written = readCount(usage.completion_tokens);
	const completion = prompt === null ? written || null : written;
	if (prompt === null && completion === null) return null;
	const sum = prompt === null || completion === null ? null : prompt + completion;
	return {
		prompt_tokens: prompt,
		completion_tokens: completion,
		total_tokens: readCount(usage.total_tokens) || sum,
		source: 'reported'
	};
}

/** Counts guessed from lengths, for servers that report none. */
export function estimateUsage(promptCharacters: number, completionCharacters: number): Usage {
	const prompt = estimateTokens(promptCharacters);
	const completion = estimateTokens(completionCharacters);
	return {
		prompt_tokens: prompt,
		completion_tokens: completion,
		total_tokens: prompt + completion,
		source: 'estimated'
	};
}

/** About how many tokens a text of this many characters is. */
export function estimateTokens(characters: number): number {
	return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

function readCount(value: unknown): number | null {
	return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_TOKENS
		? (value as number)
		: null;
}

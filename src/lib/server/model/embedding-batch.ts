import { estimateTokens } from './token-usage.ts';

/** What one request may hold. */
export interface BatchLimits {
	/** Texts; OpenAI takes 2048, others far fewer. */
	inputs: number;
	/** Estimated tokens; OpenAI takes 300,000. */
	tokens: number;
}

const DEFAULT_LIMITS: BatchLimits = { inputs: 256, tokens: 100_000 };

/** Cuts texts into runs that one request may hold, in order. A text that is too long by itself gets a request of its own. */
export function* splitBatches(
	texts: readonly string[],
	limits: BatchLimits = DEFAULT_LIMITS
): Generator<string[]> {
	let batch: string[] = [];
	let tokens = 0;
	for (const text of texts) {
		const size = estimateTokens(text.length);
		if (batch.length === limits.inputs || (batch.length > 0 && tokens + size > limits.tokens)) {
			yield batch;
			batch = [];
			tokens = 0;
		}
		batch.push(text);
		tokens += size;
	}
	if (batch.length > 0) yield batch;
}

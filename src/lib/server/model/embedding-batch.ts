import { estimateTokens } from './token-usage.ts';

/** Inputs in one request; OpenAI takes 2048, others far fewer. */
const MOST_INPUTS = 256;
/** Estimated tokens in one request; OpenAI takes 300,000. */
const MOST_TOKENS = 100_000;

/** Cuts texts into runs that one request may hold, in order. A text that is too long by itself gets a request of its own. */
export function* splitBatches(texts: readonly string[]): Generator<string[]> {
	let batch: string[] = [];
	let tokens = 0;
	for (const text of texts) {
		const size = estimateTokens(text.length);
		if (batch.length === MOST_INPUTS || (batch.length > 0 && tokens + size > MOST_TOKENS)) {
			yield batch;
			batch = [];
			tokens = 0;
		}
		batch.push(text);
		tokens += size;
	}
	if (batch.length > 0) yield batch;
}

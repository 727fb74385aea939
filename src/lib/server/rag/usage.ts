import { NO_USAGE, type Usage } from '#lib/contract/trace.ts';

/**
 * Usage of two model calls together. A part that is unknown makes the sum unknown; an estimate makes it an estimate.
 * `NO_USAGE` itself stands for "no call yet" and adds nothing.
 */
export function addUsage(first: Usage, second: Usage): Usage {
	if (first === NO_USAGE) return second;
	const sum = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b);
	const sources = [first.source, second.source];
	return {
		prompt_tokens: sum(first.prompt_tokens, second.prompt_tokens),
		completion_tokens: sum(first.completion_tokens, second.completion_tokens),
		total_tokens: sum(first.total_tokens, second.total_tokens),
		source: sources.includes('missing') ? 'missing' : sources.includes('estimated') ? 'estimated' : 'reported'
	};
}

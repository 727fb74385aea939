import type { Source } from '#lib/contract/chunk.ts';
import type { PromptMessage } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import type { Turn } from '#lib/server/store/trace-store.ts';
import type { StepDetails } from '#lib/server/trace/recorder.ts';
import { buildPrompt, freshBoundary, type Doubt } from './prompt.ts';
import { estimatePromptTokens } from './token-estimate.ts';

/** Room for an answer where the window is large enough, in tokens; reasoning is written there too. */
const ANSWER_TOKENS = 4096;

/** Tokens of a context window that are kept for the answer: 4096, but at most a quarter. */
export function answerTokens(contextTokens: number): number {
	return Math.min(ANSWER_TOKENS, Math.floor(contextTokens / 4));
}

/** What goes to the model, and what had no room. */
export interface FittedPrompt {
	sources: Source[];
	messages: PromptMessage[];
	/** Ids of the passages that were left out, the best first. */
	cut: string[];
}

/**
 * The prompt that fits into the context window beside the answer: first the oldest turns are left out, then the worst
 * sources, one by one. Nothing is shortened in silence: `details` gets the estimate and what was left out.
 * @param given numbered from 1, the best first.
 * @param options.contextTokens of prompt and answer together.
 * @throws AppError `payload_too_large` when not even the question and its best passage fit.
 */
export function fitPrompt(
	question: string,
	given: readonly Source[],
	turns: readonly Turn[],
	{ contextTokens, doubt, details }: { contextTokens: number; doubt: Doubt; details: StepDetails }
): FittedPrompt {
	const room = contextTokens - answerTokens(contextTokens);
	const boundary = freshBoundary(given);
	let keptTurns = turns;
	let sources = [...given];
	for (;;) {
		const messages = buildPrompt(question, sources, keptTurns, { boundary, doubt });
		const tokens = estimatePromptTokens(messages);
		const cut = given.slice(sources.length).flatMap((source) => source.chunk_ids);
		Object.assign(details, {
			n_sources: sources.length,
			characters: messages.reduce((sum, { content }) => sum + content.length, 0),
			estimated_tokens: tokens,
			room_tokens: room,
			n_turns: keptTurns.length,
			n_turns_cut: turns.length - keptTurns.length,
			n_sources_cut: given.length - sources.length
		});
		if (tokens <= room) return { sources, messages, cut };
		if (keptTurns.length > 0) keptTurns = keptTurns.slice(1);
		else if (sources.length > 1) sources = sources.slice(0, -1);
		else throw tooLong();
	}
}

function tooLong(): AppError {
	return new AppError(
		'payload_too_large',
		"The question and its best passage do not fit into the model's context window. Shorten the question."
	);
}

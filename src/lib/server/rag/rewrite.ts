import type { PromptMessage } from '#lib/contract/trace.ts';
import { toAppError } from '#lib/server/error.ts';
import type { Generator } from '#lib/server/model/generator.ts';
import type { Turn } from '#lib/server/store/trace-store.ts';
import type { QuestionLanguage } from '#lib/server/search/unheld-language.ts';
import type { StepDetails, TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { AnswerEngine } from './engine.ts';
import { endpointDetails } from './endpoint-details.ts';
import { estimatePromptTokens } from './token-estimate.ts';
import { addUsage } from './usage.ts';

const STAND_ALONE = `Rewrite the last question so that it can be understood without the conversation: replace pronouns and references by what they stand for, keep every identifier as it is, add nothing. If it already stands alone, repeat it.`;
const TRANSLATE = `Translate the last question into English, the language of the documentation that is searched with it. Keep every identifier and every piece of code as it is, add nothing, answer nothing.`;
const SAME_LANGUAGE = 'Reply with the question alone, in its own language.';
const IN_ENGLISH = 'Reply with the question alone, in English.';

/** Signs that a question leans on the one before it. */
const LEANS_ON_CONTEXT =
	/^(?:and|but|or|so|then|also|why|what about|how about|what if|which one)\b|\b(?:it|its|that|this|these|those|they|them|same|one|ones|above|instead|previous|former|latter)\b/i;
const FEW_WORDS = 4;
/** Earlier answers are shortened to this many characters. */
const TURN_CHARACTERS = 600;
/** Room for the rewritten question, in tokens. */
const MAX_TOKENS = 300;

/** A question as it was typed, and what it is understood with. */
export interface TypedQuestion {
	question: string;
	/** Earlier turns of the conversation, oldest first. */
	turns: readonly Turn[];
	/** Its language, when no document is in it. */
	language: QuestionLanguage | null;
}

/**
 * A question as it can be searched: a follow-up so that it stands alone, and one in a language that no document is in translated; a traced step.
 * Where there is nothing to do there is no step. A model rewrites it when there is one; otherwise, or when it fails, a follow-up that leans on
 * its context gets the question before it in front, which is what a lexical search needs.
 * @throws AppError `cancelled` when the signal fired.
 */
export async function rewriteQuestion(
	{ question, turns, language }: TypedQuestion,
	{ generator, contextTokens }: Pick<AnswerEngine, 'generator' | 'contextTokens'>,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<string> {
	const previous = turns.at(-1);
	if (!previous && (language === null || generator.builtIn)) return question;
	const step = trace.openStep('query_rewriting', { n_turns: turns.length });
	if (language !== null) step.details.other_language = language;
	let standalone = previous ? joinWithPrevious(question, previous.question) : question;
	if (generator.builtIn) {
		step.details.method = 'join';
		step.end();
	} else {
		step.details.method = 'model';
		try {
			const messages = rewritingPrompt({ question, turns, language }, contextTokens - MAX_TOKENS);
			step.details.estimated_tokens = messages && estimatePromptTokens(messages);
			const written =
				messages && (await askModel(question, messages, generator, trace, step.details, signal));
			standalone = written || standalone;
			step.end(messages ? 'success' : 'skipped');
		} catch (thrown) {
			const error = toAppError(thrown);
			Object.assign(step.details, { error: error.code }, endpointDetails(error));
			step.end(error.code === 'cancelled' ? 'cancelled' : 'skipped');
			if (error.code === 'cancelled') throw error;
		}
	}
	trace.record.standaloneQuestion = standalone;
	return standalone;
}

/** The rewriting that needs no model. */
export function joinWithPrevious(question: string, previous: string): string {
	const isShort = question.split(/\s+/).length <= FEW_WORDS;
	return isShort || LEANS_ON_CONTEXT.test(question) ? `${previous} ${question}` : question;
}

/** The prompt with as many of the last turns as fit into so many tokens; null when none does. */
function rewritingPrompt({ question, turns, language }: TypedQuestion, room: number): PromptMessage[] | null {
	const instructions = [
		...(turns.length > 0 ? [STAND_ALONE] : []),
		...(language === null ? [SAME_LANGUAGE] : [TRANSLATE, IN_ENGLISH])
	];
	const least = language === null ? 1 : 0;
	for (let from = 0; from <= turns.length - least; from += 1) {
		const history = turns
			.slice(from)
			.map((turn) => `Question: ${turn.question}\nAnswer: ${turn.answer.slice(0, TURN_CHARACTERS)}`)
			.join('\n\n');
		const messages: PromptMessage[] = [
			{ role: 'system', content: instructions.join('\n') },
			{ role: 'user', content: `${history}\n\nLast question: ${question}`.trim() }
		];
		if (estimatePromptTokens(messages) <= room) return messages;
	}
	return null;
}

async function askModel(
	question: string,
	messages: readonly PromptMessage[],
	generator: Generator,
	trace: TraceRecorder,
	details: StepDetails,
	signal: AbortSignal
): Promise<string> {
	let text = '';
	const { usage } = await generator.generate(
		{ question, messages, sources: [], temperature: 0, maxTokens: MAX_TOKENS },
		{
			signal,
			details,
			onText: (piece) => (text += piece),
			onUnfinished: ({ usage }) => (trace.record.usage = addUsage(trace.record.usage, usage))
		}
	);
	trace.record.usage = addUsage(trace.record.usage, usage);
	return text.trim().slice(0, 4000);
}

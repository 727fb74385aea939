import type { Usage } from '#lib/contract/trace.ts';
import { readUsage } from './token-usage.ts';

/** What one chunk of a streamed chat completion says, whichever server sent it. */
export interface ChunkReading {
	/** Text of the answer; may still hold inline `<think>` blocks. */
	content: string;
	/** Text of the model's reasoning; never part of the answer. */
	reasoning: string;
	/** Text with which the model declines to answer. */
	refusal: string;
	/** Whether the model asked for a tool, though none was offered. */
	callsTool: boolean;
	/** By OpenAI's name, as far as there is one. */
	finishReason: string | null;
	/** Index of the choice that was read; null when there was none, or it has no index. */
	choice: number | null;
	/** Cumulative where a server reports it in every chunk: the last one counts, they are never summed. */
	usage: Usage | null;
	/** The model as it names itself. */
	model: string | null;
	/** The error that the chunk reports in any known shape; null when it reports none. For logs, not for users. */
	error: string | null;
}

type Fields = Record<string, unknown>;

/**
 * Reads a chunk of a chat completion from any known server. Takes every JSON value and never throws: what is missing or
 * of another type than expected counts as absent. A whole (not streamed) completion reads as one chunk.
 *
 * Shapes: OpenAI's `chat.completion.chunk`; Moonshot's usage inside the choice; Groq's `x_groq.usage`; `reasoning_content`
 * (DeepSeek, Kimi) and `reasoning` (vLLM, OpenRouter); Azure's chunks without choices or with a null delta; Mistral's content
 * arrays. Errors: `{error}`, `{object: "error"}` (vLLM), `{type: "error"}`, an error in the choice (OpenRouter),
 * `finish_reason: "error"`, and FastAPI's `{detail}`.
 * @param wanted index of the choice that earlier chunks were read from; null at first.
 */
export function readChunk(value: unknown, wanted: number | null = null): ChunkReading {
	// Gemini wraps an error in a list.
	const chunk = fields(Array.isArray(value) ? value[0] : value);
	const choice = chosenChoice(chunk.choices, wanted);
	const delta = fields(choice.delta ?? choice.message);
	const finishReason = knownReason(text(choice.finish_reason));
	return {
		choice: typeof choice.index === 'number' ? choice.index : null,
		content: contentText(delta.content, 'text'),
		reasoning:
			text(delta.reasoning_content) || text(delta.reasoning) || contentText(delta.content, 'thinking'),
		refusal: text(delta.refusal),
		callsTool: (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0) || isSet(delta.function_call),
		finishReason,
		usage: readUsage(chunk.usage) ?? readUsage(choice.usage) ?? readUsage(fields(chunk.x_groq).usage),
		model: text(chunk.model) || null,
		error: readError(chunk, choice, finishReason)
	};
}

function readError(chunk: Fields, choice: Fields, finishReason: string | null): string | null {
	if (isSet(chunk.error)) return describe(chunk.error);
	if (isSet(choice.error)) return describe(choice.error);
	if (chunk.object === 'error' || chunk.type === 'error') return describe(chunk);
	if (finishReason === 'error') return 'finish_reason error';
	if (isSet(chunk.detail) && chunk.choices === undefined) return describe(chunk.detail);
	return null;
}

function describe(error: unknown): string {
	if (typeof error === 'string') return error;
	return text(fields(error).message) || (JSON.stringify(error) ?? 'unknown');
}

/**
 * We ask for one choice; where a server sends more, the one that was read before. Until then the one with index 0, else the first. One without
 * an index is the only one.
 */
function chosenChoice(choices: unknown, wanted: number | null): Fields {
	if (!Array.isArray(choices)) return {};
	if (choices.length === 1) {
		const only = fields(choices[0]);
		const isOther = wanted !== null && typeof only.index === 'number' && only.index !== wanted;
		return isOther ? {} : only;
	}
	const indexed = choices.map(fields);
	const found = indexed.find(({ index }) => index === (wanted ?? 0));
	return found ?? indexed.find(({ index }) => wanted === null || typeof index !== 'number') ?? {};
}

/** Finish reasons of other protocols by OpenAI's names: Gemini's and Anthropic's. Any other is passed on as it is. */
const REASONS: Readonly<Record<string, string>> = {
	max_tokens: 'length',
	max_output_tokens: 'length',
	model_length: 'length',
	end_turn: 'stop',
	stop_sequence: 'stop',
	safety: 'content_filter',
	recitation: 'content_filter',
	blocklist: 'content_filter',
	prohibited_content: 'content_filter',
	spii: 'content_filter',
	refusal: 'content_filter'
};

/** In lower case, where it is all in capitals, and by OpenAI's name; null when there is none. */
function knownReason(said: string): string | null {
	if (said === '') return null;
	const reason = /^[A-Z_]+$/.test(said) ? said.toLowerCase().replace(/^finish_reason_/, '') : said;
	return REASONS[reason.toLowerCase()] ?? reason;
}

/** Content is a text or a list of parts: the texts of the parts of one type, joined. */
function contentText(content: unknown, type: 'text' | 'thinking'): string {
	if (typeof content === 'string') return type === 'text' ? content : '';
	if (!Array.isArray(content)) return '';
	return content
		.map(fields)
		.filter((part) => part.type === type)
		.map((part) => (Array.isArray(part[type]) ? contentText(part[type], 'text') : text(part[type])))
		.join('');
}

function fields(value: unknown): Fields {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

function isSet(value: unknown): boolean {
	return value !== undefined && value !== null && value !== false && value !== '';
}

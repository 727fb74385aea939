import { cancelledError } from '#lib/server/error.ts';
import type { GenerationRequest, GenerationResult, Generator } from '#lib/server/model/generator.ts';
import { round } from '#lib/server/trace/interval.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Tell } from './answer-part.ts';
import { endpointDetails } from './endpoint-details.ts';
import { NoAnswerReader } from './no-answer.ts';
import { addUsage } from './usage.ts';

/** What an answer is to be written with. */
export interface WritingRequest extends GenerationRequest {
	/** What a reader gets when the model only says that the passages do not answer; undefined where it was not told how to say so. */
	noAnswer: string | undefined;
}

/** How an answer was written. */
export interface WritingResult extends GenerationResult {
	/** Whether the model said that the passages do not answer. */
	isRefusal: boolean;
}

/**
 * Lets the generator write and times it: passes its pieces on, appends them to the trace's answer, and takes down model,
 * tokens, speed and time to first token (from the start of this step).
 * @throws AppError as the generator does; text so far stays in the trace.
 */
export async function generate(
	generator: Generator,
	request: WritingRequest,
	trace: TraceRecorder,
	tell: Tell,
	signal: AbortSignal
): Promise<WritingResult> {
	const { record } = trace;
	const startedAt = trace.elapsed();
	const step = trace.openStep('llm_generation', { model: generator.model });
	record.model = generator.model;
	const account = ({ usage, model }: Pick<GenerationResult, 'usage' | 'model'>) => {
		const { prompt_tokens, completion_tokens, total_tokens, source } = usage;
		Object.assign(step.details, {
			model,
			prompt_tokens,
			completion_tokens,
			total_tokens,
			usage_source: source
		});
		record.model = model;
		record.usage = addUsage(record.usage, usage);
	};
	let firstTokenMs: number | null = null;
	const noAnswer = request.noAnswer === undefined ? null : new NoAnswerReader();
	const pass = (text: string) => {
		if (text === '') return;
		trace.answer += text;
		tell({ type: 'token', data: text });
	};
	const onText = (piece: string) => {
		firstTokenMs ??= round(trace.elapsed() - startedAt);
		pass(noAnswer ? noAnswer.read(piece) : piece);
	};
	let status: 'success' | 'error' | 'cancelled' = 'cancelled';
	try {
		const result = await generator.generate(request, {
			signal,
			details: step.details,
			onText,
			onUnfinished: account
		});
		// An SDK ends normally on abort; an answer that was stopped is never a success.
		if (signal.aborted) throw cancelledError(signal);
		pass(noAnswer?.end() ?? '');
		const isRefusal = noAnswer?.isFound === true;
		if (isRefusal && trace.answer === '') pass(request.noAnswer ?? '');
		// Neither the wait for the first piece nor that for the end of the stream is writing; what came in one piece has no other time.
		const seconds = (result.writingMs || trace.elapsed() - startedAt) / 1000;
		const { completion_tokens } = result.usage;
		account(result);
		Object.assign(step.details, {
			time_to_first_token_ms: firstTokenMs,
			tokens_per_second: completion_tokens === null ? null : round(completion_tokens / seconds),
			finish_reason: result.finishReason
		});
		if (isRefusal) step.details.no_answer = true;
		status = 'success';
		return { ...result, isRefusal };
	} catch (thrown) {
		status = signal.aborted ? 'cancelled' : 'error';
		Object.assign(step.details, endpointDetails(thrown));
		throw thrown;
	} finally {
		if (status !== 'success') {
			step.details.time_to_first_token_ms = firstTokenMs;
			step.details.finish_reason = 'error';
		}
		step.end(status);
	}
}

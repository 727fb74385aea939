import type { Source } from '#lib/contract/chunk.ts';
import type { Evidence, PromptMessage, Usage } from '#lib/contract/trace.ts';
import type { StepDetails } from '#lib/server/trace/recorder.ts';

export interface GenerationRequest {
	/** The standalone question, for generators that work without a prompt. */
	question: string;
	messages: readonly PromptMessage[];
	/** The numbered passages that the messages contain. */
	sources: readonly Source[];
	/** How the evidence was judged, for generators that work without a prompt; undefined counts as good. */
	evidence?: Evidence | undefined;
	/** 0..2; undefined leaves the model's own default. */
	temperature?: number | undefined;
	/** Upper bound of the answer, in tokens; undefined leaves the generator's default. */
	maxTokens?: number | undefined;
}

export interface GenerationResult {
	/** As the model said it: `stop`, `length`, ... */
	finishReason: string;
	usage: Usage;
	/** The model that answered, as it names itself. */
	model: string;
	/** Milliseconds from the first to the last piece of text or reasoning; undefined where nothing is written in pieces. */
	writingMs?: number;
}

export interface GenerationContext {
	signal: AbortSignal;
	/** Details of the step being recorded: attempts, fallbacks and warnings go here as they happen. */
	details: StepDetails;
	/** Takes the answer's text as it comes: no empty pieces, no reasoning. What it throws ends the call and comes out of it. */
	onText(piece: string): void;
	/** Told what a call has cost that failed or was stopped after the model had taken it: that much is billed. */
	onUnfinished?(spent: Pick<GenerationResult, 'usage' | 'model'>): void;
}

/** Writes the answer, piece by piece. */
export interface Generator {
	readonly model: string;
	/** True for the extractive generator, which quotes and never pretends to be a model. */
	readonly builtIn: boolean;
	/** Told that an answer will probably be asked for in a moment: opens what takes time. It asks the model nothing, and never throws. */
	prepare?(): void;
	/**
	 * Tells the answer's text as it comes and returns how it ended. Ends normally only when the model said that it had finished.
	 * @throws AppError `upstream_*`, `content_filter`, `no_content`, or `cancelled` when the signal fired.
	 */
	generate(request: GenerationRequest, context: GenerationContext): Promise<GenerationResult>;
}

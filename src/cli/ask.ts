import { askInputSchema, type Done } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { isKeywordOnly, type Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { phaseDurations } from '#lib/server/trace/interval.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatDuration } from '#lib/ui/format/index.ts';
import { write, writeJson, writeLine } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface AskOptions {
	library?: string;
	limit?: number;
	temperature?: number;
	json?: boolean;
}

/**
 * Answers a question in the terminal: the text as it comes, then the sources and where the time went.
 * @throws AppError as the run failed, or `cancelled` after Ctrl-C.
 */
export async function ask(question: string, { json, ...options }: AskOptions): Promise<void> {
	const request = checkInput(askInputSchema, { question, ...options }, 'The question');
	await withServices(async (services, signal) => {
		const run = services.runs.start(request, 'cli');
		const stop = () => run.cancel();
		signal.addEventListener('abort', stop);
		let sources: Source[] = [];
		let done: Done | undefined;
		for await (const { event } of run.events()) {
			if (event.type === 'sources') sources = event.data;
			if (event.type === 'token' && !json) write(event.data);
			if (event.type === 'done') done = event.data;
			if (event.type === 'error') {
				if (!json && run.own.answer) writeLine();
				throw new AppError(event.data.code, event.data.message);
			}
		}
		signal.removeEventListener('abort', stop);
		const trace = await run.finished;
		if (json) {
			const { conversation_id, finish_reason, usage } = done ?? {};
			const { trace_id, answer } = trace;
			const keywordOnly = isKeywordOnly(trace.steps) && { keyword_only: true };
			writeJson({ trace_id, conversation_id, answer, finish_reason, sources, ...keywordOnly, usage, trace });
			return;
		}
		writeLine('\n');
		writeSources(trace);
		if (isKeywordOnly(trace.steps)) {
			writeLine('The embeddings endpoint failed: these passages were found by their words alone.');
		}
		writeLine(breakdown(trace));
	});
}

/** The cited ones first, with their addresses; the others that were given in a line each. */
function writeSources({ sources, citations }: Trace): void {
	if (sources.length === 0) return;
	const cited = sources.filter(({ n }) => citations.includes(n));
	const others = sources.filter(({ n }) => !citations.includes(n));
	writeLine('Sources');
	for (const source of cited) {
		const address = source.url && `${source.url}${source.anchor ? `#${source.anchor}` : ''}`;
		writeLine(`*${nameOf(source)}`);
		writeLine(`      ${address ?? source.document}`);
	}
	for (const source of others) writeLine(` ${nameOf(source)}`);
	writeLine();
}

function nameOf({ n, library, title, heading_path }: Source): string {
	const place = [title, ...heading_path].filter((part, at, all) => part !== all[at - 1]);
	return `[${n}] ${library}: ${place.join(' › ')}`;
}

/** One line that says where the time went. */
function breakdown(trace: Trace): string {
	const { rewriting_ms, retrieval_ms, generation_ms } = phaseDurations(trace.steps);
	const queue = trace.steps.find((step) => step.name === 'queue');
	const parts = [
		...(queue ? [`waiting ${formatDuration(queue.duration_ms)}`] : []),
		...(rewriting_ms === null ? [] : [`rewriting ${formatDuration(rewriting_ms)}`]),
		`retrieval ${formatDuration(retrieval_ms)}`,
		...(generation_ms === null ? [] : [`generation ${formatDuration(generation_ms)}`]),
		`first token ${formatDuration(trace.time_to_first_token_ms)}`,
		`total ${formatDuration(trace.total_duration_ms)}`,
		`model ${trace.model ?? 'none'}`,
		`trace ${trace.trace_id}`
	];
	return parts.join(' · ');
}

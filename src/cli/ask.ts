import { askInputSchema, type Done } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { isKeywordOnly, type Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { phaseDurations } from '#lib/server/trace/interval.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatDuration } from '#lib/ui/format/index.ts';
import {
	EVIDENCE_LABELS,
	EVIDENCE_MEANINGS,
	REFUSED_BY_LABELS,
	REFUSED_BY_MEANINGS,
	supportSummary
} from '#lib/ui/format/judgement.ts';
import { shorten, write, writeJson, writeLine } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface AskOptions {
	library?: string;
	limit?: number;
	temperature?: number;
	answerAnyway?: boolean;
	json?: boolean;
}

/**
 * Answers a question in the terminal: the text as it comes, then the sources and where the time went.
 * @throws AppError as the run failed, or `cancelled` after Ctrl-C.
 */
export async function ask(question: string, { json, answerAnyway, ...options }: AskOptions): Promise<void> {
	const request = checkInput(
		askInputSchema,
		{ question, ...options, ...(answerAnyway && { answer_anyway: true }) },
		'The question'
	);
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
			const { evidence, refused_by, support } = trace;
			const judged = { evidence, refused_by, support };
			writeJson({
				trace_id,
				conversation_id,
				answer,
				finish_reason,
				sources,
				...keywordOnly,
				...judged,
				usage,
				trace
			});
			return;
		}
		writeLine('\n');
		writeJudgement(trace);
		writeSources(trace);
		if (isKeywordOnly(trace.steps)) {
			writeLine('The embeddings endpoint failed: these passages were found by their words alone.');
		}
		writeLine(breakdown(trace));
	});
}

/** What is known of how far the answer can be trusted; the sentences that no source bears out by their first words. */
function writeJudgement({ evidence, refused_by, support, answer }: Trace): void {
	const lines: string[] = [];
	if (refused_by) lines.push(`${REFUSED_BY_LABELS[refused_by]}. ${REFUSED_BY_MEANINGS[refused_by]}`);
	else if (evidence === 'thin') lines.push(`${EVIDENCE_LABELS.thin}. ${EVIDENCE_MEANINGS.thin}`);
	if (refused_by === 'gate') lines.push('To answer from what there is, ask with --answer-anyway.');
	const summary = supportSummary(support);
	if (summary) lines.push(`Sentences: ${summary}. A judgement of words, not of meaning.`);
	for (const { level, start, end } of support) {
		if (level === 'none')
			lines.push(`  not in its sources: ${shorten((answer ?? '').slice(start, end), 70)}`);
	}
	for (const line of lines) writeLine(line);
	if (lines.length > 0) writeLine();
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

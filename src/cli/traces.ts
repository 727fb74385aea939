import { subjectSchema } from '#lib/contract/ask.ts';
import { traceListInputSchema } from '#lib/contract/trace.ts';
import { deleteTrace, deleteTracesOf } from '#lib/server/run/kept-trace.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatDuration, formatPlural } from '#lib/ui/format/index.ts';
import { questionLabel } from '#lib/ui/trace/labels.ts';
import { shorten, writeJson, writeLine, writeTable } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface TracesOptions {
	limit?: number;
	library?: string;
	status?: string;
	evidence?: string;
	json?: boolean;
	/** Id of a trace to delete. */
	delete?: string;
	/** Whose traces to delete. */
	deleteSubject?: string;
}

/** Lists the latest traces, newest first, or deletes one, or those of a subject. */
export async function traces(options: TracesOptions): Promise<void> {
	const { json, delete: traceId, deleteSubject, ...filter } = options;
	if (deleteSubject !== undefined) {
		const subject = checkInput(subjectSchema, deleteSubject, 'The subject');
		const deleted = await withServices((services) => deleteTracesOf(services, subject));
		if (json) writeJson({ deleted });
		else writeLine(`${formatPlural(deleted, 'trace')} deleted.`);
		return;
	}
	if (traceId !== undefined) {
		await withServices((services) => deleteTrace(services, traceId));
		if (json) writeJson({ trace_id: traceId });
		else writeLine(`The trace ${traceId} is deleted.`);
		return;
	}
	const request = checkInput(traceListInputSchema, filter, 'The filter');
	await withServices(async (services) => {
		const rows = await services.store.list(request);
		if (json) return writeJson(rows);
		writeTable(
			['time', 'status', 'evidence', 'library', 'total', 'first token', 'question', 'trace'],
			rows.map((trace) => [
				trace.timestamp.slice(0, 19).replace('T', ' '),
				trace.refused_by ? `${trace.status} (${trace.refused_by})` : trace.status,
				trace.evidence ?? '–',
				trace.library_filter ?? 'all',
				formatDuration(trace.total_duration_ms),
				formatDuration(trace.time_to_first_token_ms),
				shorten(questionLabel(trace), 60),
				trace.trace_id
			])
		);
	});
}

import { traceListInputSchema } from '#lib/contract/trace.ts';
import { deleteTrace } from '#lib/server/run/kept-trace.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatDuration } from '#lib/ui/format/index.ts';
import { questionLabel } from '#lib/ui/trace/labels.ts';
import { shorten, writeJson, writeLine, writeTable } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface TracesOptions {
	limit?: number;
	library?: string;
	status?: string;
	json?: boolean;
	/** Id of a trace to delete. */
	delete?: string;
}

/** Lists the latest traces, newest first, or deletes one. */
export async function traces({ json, delete: traceId, ...filter }: TracesOptions): Promise<void> {
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
			['time', 'status', 'library', 'total', 'first token', 'question', 'trace'],
			rows.map((trace) => [
				trace.timestamp.slice(0, 19).replace('T', ' '),
				trace.status,
				trace.library_filter ?? 'all',
				formatDuration(trace.total_duration_ms),
				formatDuration(trace.time_to_first_token_ms),
				shorten(questionLabel(trace), 60),
				trace.trace_id
			])
		);
	});
}

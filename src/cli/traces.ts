import { traceListInputSchema } from '#lib/contract/trace.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatDuration } from '#lib/ui/format/index.ts';
import { shorten, writeJson, writeTable } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface TracesOptions {
	limit?: number;
	library?: string;
	status?: string;
	json?: boolean;
}

/** Lists the latest traces, newest first. */
export async function traces({ json, ...filter }: TracesOptions): Promise<void> {
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
				shorten(trace.question, 60),
				trace.trace_id
			])
		);
	});
}

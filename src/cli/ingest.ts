import { z } from 'zod';
import { AppError } from '#lib/server/error.ts';
import { ingest as ingestSources, type IngestReport } from '#lib/server/ingest/ingest.ts';
import type { SourceArgument } from '#lib/server/ingest/source.ts';
import type { Services } from '#lib/server/services.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatCount, formatDuration, formatPlural } from '#lib/ui/format/index.ts';
import { showProgress } from './progress.ts';
import { remark, writeJson, writeLine } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface IngestCommandOptions {
	library: string;
	prune: boolean;
	baseUrl?: string;
	json?: boolean;
}

const targetSchema = z.object({
	library: z.string().trim().min(1).max(200),
	'base-url': z.url({ protocol: /^https?$/, error: 'base-url must be an http(s) URL' }).optional()
});

/** Failures beyond this many are only counted. */
const NAMED_FAILURES = 20;

/**
 * Brings one library of the index in line with its sources; a running server takes the new index over by itself.
 * @throws AppError `ingest_failed` when a whole source cannot be read, after the others are done.
 */
export async function ingest(sources: readonly string[], options: IngestCommandOptions): Promise<void> {
	const startedAt = performance.now();
	const { library, prune, baseUrl } = options;
	checkInput(targetSchema, { library, 'base-url': baseUrl }, 'The target');
	await withServices(async (services, signal) => {
		const report = await ingestLibrary(services, { sources, library, prune, baseUrl, signal });
		const published = await publish(services, signal);
		const total = performance.now() - startedAt;
		remarkFailures(report.failures.filter(({ source }) => source === undefined));
		if (options.json) writeJson({ ...report, index: published, total_duration_ms: Math.round(total) });
		else writeReport(library, report, published.passages, total);
		// A page that cannot be read is a remark; a source that was named and cannot be is a mistake.
		const mistakes = report.failures.filter(({ source }) => source !== undefined);
		remarkFailures(mistakes.slice(1));
		const [mistake] = mistakes;
		if (mistake) throw new AppError('ingest_failed', `${mistake.document}: ${mistake.reason}`);
	});
}

/** Reads the sources of a library into the corpus, showing how far it has come. */
export async function ingestLibrary(
	{ corpus, config }: Services,
	options: {
		sources: readonly SourceArgument[];
		library: string;
		prune?: boolean;
		baseUrl?: string | undefined;
		signal: AbortSignal;
	}
): Promise<IngestReport> {
	const progress = showProgress(`Reading ${options.library}`);
	try {
		return await ingestSources({
			...options,
			corpus,
			hosts: config.INGEST_HOSTS.length > 0 ? config.INGEST_HOSTS : undefined,
			onProgress: ({ done, total, document }) => progress.update(done, total, document)
		});
	} finally {
		progress.stop();
	}
}

/** Makes the index that serves what is in the corpus now, showing how far it has come. */
export async function publish(services: Services, signal: AbortSignal) {
	const progress = showProgress('Indexing');
	try {
		return await services.publish(({ stage, done, total }) => progress.update(done, total, stage), signal);
	} finally {
		progress.stop();
	}
}

/** Tells on stderr what could not be read. */
export function remarkFailures(failures: IngestReport['failures']): void {
	for (const { document, reason } of failures.slice(0, NAMED_FAILURES)) {
		remark(`Skipped ${document}: ${reason}`);
	}
	if (failures.length > NAMED_FAILURES)
		remark(`... and ${failures.length - NAMED_FAILURES} more were skipped.`);
}

function writeReport(library: string, report: IngestReport, passages: number, total: number): void {
	const { added, changed, unchanged, removed } = report.documents;
	writeLine(
		`${library}: ${added} added, ${changed} changed, ${unchanged} unchanged, ${removed} removed, ` +
			`${report.failures.length} skipped; ${formatPlural(report.chunks, 'new passage')}, ` +
			`${formatCount(passages)} in the index; ${formatDuration(total)}`
	);
}

import { join } from 'node:path';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { installedPackageDocs } from '#lib/server/ingest/installed-packages.ts';
import type { Services } from '#lib/server/services.ts';
import { formatPlural } from '#lib/ui/format/index.ts';
import { buildIfNeeded } from './build.ts';
import { publish, remarkFailures } from './ingest.ts';
import { showProgress } from './progress.ts';
import { serve } from './serve.ts';
import { remark } from './terminal.ts';
import { withServices } from './with-services.ts';

/** Builds what is missing, indexes the documentation at hand when nothing is indexed yet, brings an older index up to date, and serves. */
export async function start(): Promise<void> {
	await buildIfNeeded();
	await withServices(async (services, signal) => {
		if (services.corpus.currentIndex() === null) await indexInstalledPackages(services, signal);
		// Nothing to do but after an update that reads text differently.
		else await publish(services, signal);
	});
	await serve();
}

/** Makes a library of each package in this folder's node_modules that comes with documentation. */
async function indexInstalledPackages(services: Services, signal: AbortSignal): Promise<void> {
	const packages = await installedPackageDocs(join(process.cwd(), 'node_modules'));
	if (packages.length === 0) {
		remark('Nothing is indexed yet: citelight ingest <path or url> --library <name>');
		return;
	}
	const progress = showProgress('Reading the docs of the installed packages');
	const failures = [];
	try {
		for (const [index, { library, sources, baseUrl }] of packages.entries()) {
			const report = await ingest({ sources, library, baseUrl, corpus: services.corpus, signal });
			failures.push(...report.failures);
			progress.update(index + 1, packages.length, library);
		}
	} finally {
		progress.stop();
	}
	remarkFailures(failures);
	const { passages } = await publish(services, signal);
	remark(`Indexed ${formatPlural(passages, 'passage')} of ${formatPlural(packages.length, 'package')}.`);
}

import { join } from 'node:path';
import { installedPackageDocs } from '#lib/server/ingest/installed-packages.ts';
import { formatCount } from '#lib/ui/format/index.ts';
import { buildIfNeeded } from './build.ts';
import { ingestLibrary, publish, remarkFailures } from './ingest.ts';
import { serve } from './serve.ts';
import { remark } from './terminal.ts';
import { withServices } from './with-services.ts';

/** Builds what is missing, indexes the documentation at hand when nothing is indexed yet, and serves. */
export async function start(): Promise<void> {
	await buildIfNeeded();
	await withServices(async (services, signal) => {
		if (services.corpus.currentIndex() !== null) return;
		const packages = await installedPackageDocs(join(process.cwd(), 'node_modules'));
		if (packages.length === 0) {
			remark('Nothing is indexed yet: citelight ingest <path or url> --library <name>');
			return;
		}
		remark(
			`Nothing is indexed yet: indexing the docs of ${formatCount(packages.length)} installed packages.`
		);
	});
	await serve();
}

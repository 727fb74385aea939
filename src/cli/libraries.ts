import { formatCount } from '#lib/ui/format/index.ts';
import { remark, writeJson, writeTable } from './terminal.ts';
import { withServices } from './with-services.ts';

/** Lists what has been indexed. */
export async function libraries({ json }: { json?: boolean }): Promise<void> {
	await withServices(async (services) => {
		const rows = services.libraries();
		if (json) return writeJson(rows);
		if (rows.length === 0) return remark('Nothing is indexed yet: citelight ingest <path> --library <name>');
		writeTable(
			['library', 'documents', 'passages', 'indexed at'],
			rows.map(({ name, documents, chunks, indexed_at }) => [
				name,
				formatCount(documents),
				formatCount(chunks),
				indexed_at.slice(0, 19).replace('T', ' ')
			])
		);
	});
}

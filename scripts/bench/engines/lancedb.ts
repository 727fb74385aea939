import { createRequire } from 'node:module';
import type { Contestant } from './engine.ts';

/** What we use of LanceDB, which with its model runtimes weighs half a gigabyte and is therefore not among our dependencies. */
interface LanceDb {
	connect(folder: string): Promise<{
		createTable(name: string, rows: object[]): Promise<Table>;
		openTable(name: string): Promise<Table>;
	}>;
	Index: { fts(options: object): unknown };
}

interface Table {
	createIndex(column: string, options: { config: unknown; waitTimeoutSeconds?: number }): Promise<void>;
	query(): Query;
	countRows(): Promise<number>;
	close(): void;
}

interface Query {
	fullTextSearch(text: string, options: { columns: string[] }): Query;
	where(condition: string): Query;
	select(columns: string[]): Query;
	limit(count: number): Query;
	toArray(): Promise<Record<string, unknown>[]>;
}

/** LanceDB's full-text index, written in Rust, with English stemming and stop words, without positions. */
export const lanceDb: Contestant = {
	id: 'lancedb',
	name: 'LanceDB full text',
	async open(folder) {
		const library = load();
		if (!library) return null;
		const connection = await library.connect(folder);
		let table: Table;
		return {
			async build(passages) {
				const rows = passages.map(({ chunk }) => ({
					chunk_id: chunk.chunk_id,
					library: chunk.library,
					text: [chunk.title, ...chunk.heading_path, chunk.text].join('\n')
				}));
				table = await connection.createTable('passages', rows);
				const config = library.Index.fts({ stem: true, removeStopWords: true, withPosition: false });
				await table.createIndex('text', { config, waitTimeoutSeconds: 600 });
			},
			async search(question, libraryName, limit) {
				const found = table.query().fullTextSearch(question, { columns: ['text'] });
				const filtered =
					libraryName === null ? found : found.where(`library = '${libraryName.replaceAll("'", "''")}'`);
				const rows = await filtered.select(['chunk_id', '_score']).limit(limit).toArray();
				return rows.map((row) => String(row.chunk_id));
			},
			async save() {},
			async load() {
				table.close();
				table = await connection.openTable('passages');
				await table.countRows();
			},
			close: () => table.close()
		};
	}
};

/** From our node_modules, or from a folder in NODE_PATH. */
function load(): LanceDb | null {
	try {
		return createRequire(import.meta.url)('@lancedb/lancedb') as LanceDb;
	} catch {
		return null;
	}
}

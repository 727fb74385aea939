import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { stopWords } from '#lib/server/search/stop-words.ts';
import type { Contestant, Engine } from './engine.ts';

/** SQLite FTS5 with Porter stemming; a passage that holds any word of the question can be found. */
export const sqliteFts5: Contestant = {
	id: 'sqlite_fts5',
	name: 'SQLite FTS5',
	open: (folder) => openFts5(folder, () => true)
};

/** The same, asked without our stop words. */
export const sqliteFts5WithoutStopWords: Contestant = {
	id: 'sqlite_fts5_without_stop_words',
	name: 'SQLite FTS5, no stop words',
	open: (folder) => openFts5(folder, (word) => !stopWords.has(word.toLowerCase()))
};

function openFts5(folder: string, isAsked: (word: string) => boolean): Engine {
	const file = join(folder, 'fts5.sqlite');
	let database = new DatabaseSync(file);
	const prepare = () => {
		// Sorting by `rank`, which is bm25(), is what the manual names as the fastest way: https://sqlite.org/fts5.html#sorting_by_auxiliary_function_results
		const select = (filter: string) =>
			database.prepare(`SELECT chunk_id FROM passages WHERE passages MATCH ?${filter} ORDER BY rank LIMIT ?`);
		return { all: select(''), filtered: select(' AND library = ?') };
	};
	let statements: ReturnType<typeof prepare>;
	return {
		async build(passages) {
			database.exec(
				`CREATE VIRTUAL TABLE passages USING fts5(
					chunk_id UNINDEXED, library UNINDEXED, title, heading, text, tokenize = 'porter unicode61'
				)`
			);
			const insert = database.prepare('INSERT INTO passages VALUES (?, ?, ?, ?, ?)');
			database.exec('BEGIN');
			for (const { chunk } of passages) {
				insert.run(chunk.chunk_id, chunk.library, chunk.title, chunk.heading_path.join('\n'), chunk.text);
			}
			database.exec('COMMIT');
			statements = prepare();
		},
		search(question, library, limit) {
			const words = (question.match(/[\p{L}\p{N}_]+/gu) ?? []).filter(isAsked);
			if (words.length === 0) return [];
			const match = words.map((word) => `"${word}"`).join(' OR ');
			const rows =
				library === null ? statements.all.all(match, limit) : statements.filtered.all(match, library, limit);
			return rows.map((row) => String(row.chunk_id));
		},
		async save() {},
		async load() {
			database.close();
			database = new DatabaseSync(file);
			statements = prepare();
		},
		close: () => database.close()
	};
}

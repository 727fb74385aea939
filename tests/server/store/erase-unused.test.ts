import fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eraseUnused } from '#lib/server/store/erase-unused.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const SCHEMA = `
	PRAGMA page_size = PAGE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;
	CREATE TABLE erasure (wanted INTEGER NOT NULL, done INTEGER NOT NULL, passes INTEGER NOT NULL);
	INSERT INTO erasure VALUES (0, 0, 0);
	CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, tag TEXT);
	CREATE INDEX notes_by_tag ON notes (tag);
`;

const textOf = (id: number, length: number) => `note-${id}-text `.repeat(length);
const tagOf = (id: number) => `note-${id}-tag`;

/** What is done to a database: by one of two connections, to one of some rows. */
const change = fc.record({
	by: fc.nat(1),
	what: fc.constantFrom('put', 'put', 'put', 'put', 'delete', 'vacuum', 'erase', 'read'),
	id: fc.nat(60),
	length: fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(1200) })
});

it('changes nothing of what two connections keep in a database, and leaves nothing of what they have deleted', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.constantFrom(512, 4096, 65_536),
			fc.array(change, { minLength: 200, maxLength: 400, size: 'max' }),
			async (pageSize, changes) => {
				await using folder = await tempFolder();
				const path = join(folder.path, 'notes.sqlite');
				const connections = [0, 1].map(() => new DatabaseSync(path));
				connections[0]!.exec(SCHEMA.replace('PAGE', String(pageSize)));
				for (const each of connections)
					each.exec('PRAGMA secure_delete = ON; PRAGMA wal_checkpoint(TRUNCATE)');
				const file = fs.openSync(path, 'r+');
				const erase = () => {
					using database = new DatabaseSync(path);
					return eraseUnused({ fs, database, path, file });
				};
				const rows = new Map<number, string>();
				const deleted = new Set<number>();
				for (const { by, what, id, length } of changes) {
					const database = connections[by]!;
					if (what === 'put') {
						const text = textOf(id, length);
						database.prepare('INSERT OR REPLACE INTO notes VALUES (?, ?, ?)').run(id, text, tagOf(id));
						rows.set(id, text);
						deleted.delete(id);
					} else if (what === 'delete') {
						database.prepare('DELETE FROM notes WHERE id = ?').run(id);
						if (rows.delete(id)) deleted.add(id);
					} else if (what === 'vacuum') database.exec('PRAGMA incremental_vacuum(3)');
					else if (what === 'erase') expect(erase()).toBe(true);
					else
						expect(database.prepare('SELECT text FROM notes WHERE id = ?').get(id)?.text).toBe(rows.get(id));
				}
				connections[0]!.exec('UPDATE erasure SET wanted = 7');
				expect(erase()).toBe(true);
				const bytes = fs.readdirSync(folder.path).map((name) => fs.readFileSync(join(folder.path, name)));
				for (const id of deleted) {
					expect(bytes.some((each) => each.includes(`note-${id}-t`))).toBe(false);
				}
				for (const each of connections) {
					expect(each.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
					const kept = each.prepare('SELECT id, text FROM notes ORDER BY id').all();
					expect(new Map(kept.map(({ id, text }) => [id, text]))).toEqual(
						new Map([...rows].toSorted(([a], [b]) => a - b))
					);
					expect(each.prepare('SELECT done FROM erasure').get()?.done).toBe(7);
					each.close();
				}
				fs.closeSync(file);
			}
		),
		{ numRuns: 15 }
	);
});

it('gives up while somebody reads an older state', async () => {
	await using folder = await tempFolder();
	const path = join(folder.path, 'notes.sqlite');
	using writer = new DatabaseSync(path);
	writer.exec(SCHEMA.replace('PAGE', '4096'));
	using reader = new DatabaseSync(path);
	reader.exec('BEGIN; SELECT count(*) FROM notes');
	writer.exec("INSERT INTO notes VALUES (1, 'a', 'b')");
	const file = fs.openSync(path, 'r+');
	using database = new DatabaseSync(path);
	expect(eraseUnused({ fs, database, path, file })).toBe(false);
	reader.exec('COMMIT');
	expect(eraseUnused({ fs, database, path, file })).toBe(true);
	fs.closeSync(file);
});

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import { Checkpointer } from '#lib/server/store/checkpointer.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

it('moves what was written into the database while nobody else does', async () => {
	await using folder = await tempFolder();
	const path = join(folder.path, 'written.sqlite');
	using database = new DatabaseSync(path);
	database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE notes (text TEXT)');
	const insert = database.prepare('INSERT INTO notes VALUES (?)');
	const checkpointer = new Checkpointer(path);
	const before = statSync(path).size;
	for (let count = 0; count < 200; count += 1) {
		insert.run('x'.repeat(10_000));
		checkpointer.wrote();
	}
	await vi.waitUntil(() => statSync(path).size > before + 1_000_000, { timeout: 20_000 });
	checkpointer.stop();
	expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
	expect(database.prepare('SELECT count(*) AS count FROM notes').get()).toEqual({ count: 200 });
});

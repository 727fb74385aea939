import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '#lib/server/error.ts';

/**
 * Opens `spending.sqlite` in the data folder, apart from the traces, because deleting those gives no money back.
 * @param dataFolder made when it is not there.
 * @param schema made when it is not there.
 * @throws AppError `storage_failed`.
 */
export function openSpendingDatabase(dataFolder: string, schema: string): DatabaseSync {
	try {
		mkdirSync(dataFolder, { recursive: true });
		const database = new DatabaseSync(join(dataFolder, 'spending.sqlite'));
		database.exec('PRAGMA busy_timeout = 50; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
		database.exec(schema);
		return database;
	} catch (cause) {
		throw new AppError('storage_failed', 'The record of spending could not be opened.', { cause });
	}
}

import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { QuestionIndex } from '#lib/server/store/question-index.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';
import { pendingTrace } from '../../fixtures/traces.ts';

it('writes nothing into the index of questions while it is held up, and goes on when it is not any more', async () => {
	await using folder = await tempFolder();
	const store = new SqliteTraceStore(folder.path);
	for (let made = 0; made < 300; made += 1) store.create(pendingTrace({ question: `Question ${made}` }));
	store.close();
	using database = new DatabaseSync(join(folder.path, 'traces.sqlite'), { timeout: 5_000 });
	database.exec(
		"INSERT INTO questions (questions) VALUES ('delete-all'); UPDATE question_index SET indexed_to = 0"
	);
	const indexedTo = () => Number(database.prepare('SELECT indexed_to FROM question_index').get()?.indexed_to);
	let isHeldUp = true;
	const asked = vi.fn(() => isHeldUp);
	let writes = 0;
	const write = <T>(work: () => T): T => {
		writes += 1;
		return work();
	};
	const index = new QuestionIndex((sql) => database.prepare(sql), write, asked);
	index.start();
	await vi.waitUntil(() => asked.mock.calls.length >= 3);
	expect(writes).toBe(0);
	isHeldUp = false;
	await vi.waitUntil(() => indexedTo() === 300);
	index.stop();
});

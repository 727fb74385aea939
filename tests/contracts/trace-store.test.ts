import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { describeTraceStore } from './trace-store.ts';

describeTraceStore('the memory store', () => {
	const store = new MemoryTraceStore();
	return { store, remove: () => store.close() };
});

describeTraceStore('the SQLite store', () => {
	const folder = mkdtempSync(join(tmpdir(), 'citelight-traces-'));
	const store = new SqliteTraceStore(folder);
	return {
		store,
		remove: () => {
			store.close();
			rmSync(folder, { recursive: true, force: true });
		}
	};
});

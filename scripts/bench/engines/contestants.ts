import { citelight } from './citelight.ts';
import type { Contestant } from './engine.ts';
import { lanceDb } from './lancedb.ts';
import { miniSearch } from './minisearch.ts';
import { orama, oramaStemmed } from './orama.ts';
import { sqliteFts5, sqliteFts5WithoutStopWords } from './sqlite-fts5.ts';

/** Everyone in the benchmark; ours first, which the others are compared with. */
export const contestants: readonly Contestant[] = [
	citelight,
	lanceDb,
	sqliteFts5WithoutStopWords,
	sqliteFts5,
	miniSearch,
	oramaStemmed,
	orama
];

import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '#lib/server/error.ts';

/** Widths of the stretches of time that statistics are summed up over, in milliseconds; each divides the next. Never changed once released. */
export const ROLLUP_WIDTHS = [600_000, 7_200_000, 86_400_000] as const;

/**
 * Each entry takes the database from the version of its index to the next; entries are never changed once released.
 * `traces` is narrow, so that lists and statistics read little; texts and nested shapes are in `trace_contents`, the
 * columns that only a trace's own page needs last. `trace_steps` has the steps of finished answers only.
 */
const MIGRATIONS = [
	`
	CREATE TABLE traces (
		trace_number INTEGER PRIMARY KEY,
		trace_id TEXT NOT NULL UNIQUE,
		timestamp INTEGER NOT NULL,
		library_filter TEXT,
		route TEXT NOT NULL,
		conversation_id TEXT,
		status TEXT NOT NULL,
		total_duration_ms REAL,
		unaccounted_ms REAL,
		retrieval_ms REAL,
		generation_ms REAL,
		time_to_first_token_ms REAL,
		prompt_tokens INTEGER,
		completion_tokens INTEGER,
		total_tokens INTEGER,
		usage_source TEXT NOT NULL,
		cost_usd REAL,
		model TEXT,
		rating TEXT,
		owner TEXT,
		question_folded TEXT NOT NULL
	);
	CREATE INDEX traces_by_time ON traces (timestamp);
	CREATE INDEX traces_by_library ON traces (library_filter, timestamp);
	CREATE INDEX traces_by_status ON traces (status, timestamp);
	CREATE INDEX traces_by_conversation ON traces (conversation_id, timestamp) WHERE conversation_id IS NOT NULL;
	CREATE INDEX traces_by_owner ON traces (owner) WHERE owner IS NOT NULL;

	CREATE TABLE trace_contents (
		trace_number INTEGER PRIMARY KEY REFERENCES traces ON DELETE CASCADE,
		question TEXT NOT NULL,
		error TEXT,
		answer TEXT,
		citations TEXT NOT NULL,
		feedback_comment TEXT,
		steps TEXT NOT NULL,
		sources TEXT NOT NULL,
		standalone_question TEXT,
		token_lengths TEXT,
		prompt TEXT NOT NULL,
		candidates TEXT NOT NULL
	);

	CREATE TABLE trace_steps (
		trace_number INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
		position INTEGER NOT NULL,
		name TEXT NOT NULL,
		duration_ms REAL NOT NULL,
		PRIMARY KEY (trace_number, position)
	) WITHOUT ROWID;
	`,
	// Sums over stretches of time, see rollup.ts. Whatever changes a trace takes those with it away, whoever does it.
	`
	CREATE TABLE stats_rollups (
		width INTEGER NOT NULL,
		start INTEGER NOT NULL,
		library TEXT NOT NULL,
		summary TEXT NOT NULL,
		PRIMARY KEY (width, start, library)
	) WITHOUT ROWID;
	${['INSERT', 'UPDATE', 'DELETE'].map(forgetRollups).join('\n')}
	`,
	// What the list is filtered by. The index is merged 64 of its pages at a time: small ones hold nothing else up. `questions` has the letter triples of questions, of traces up to a number; see
	// question-index.ts. Two spaces at the end make every character the first of a triple. A number that is given again to another trace is one that it has reached already.
	`
	CREATE INDEX traces_by_library_status ON traces (library_filter, status, timestamp);
	CREATE INDEX traces_by_duration ON traces (total_duration_ms, timestamp) WHERE total_duration_ms IS NOT NULL;
	CREATE INDEX traces_with_zeros ON traces (trace_number) WHERE instr(question_folded, char(0)) > 0;
	CREATE VIRTUAL TABLE questions USING fts5(
		question_folded, content = '', detail = none, columnsize = 0, tokenize = 'trigram case_sensitive 1'
	);
	INSERT INTO questions (questions, rank) VALUES ('secure-delete', 1);
	INSERT INTO questions (questions, rank) VALUES ('pgsz', 500);
	CREATE VIRTUAL TABLE question_triples USING fts5vocab('questions', 'row');
	CREATE TABLE question_index (indexed_to INTEGER NOT NULL);
	INSERT INTO question_index VALUES (0);
	CREATE TRIGGER traces_insert_question AFTER INSERT ON traces
		WHEN new.trace_number <= (SELECT indexed_to FROM question_index)
		BEGIN INSERT INTO questions (rowid, question_folded) VALUES (new.trace_number, new.question_folded || '  '); END;
	CREATE TRIGGER traces_delete_question AFTER DELETE ON traces
		WHEN old.trace_number <= (SELECT indexed_to FROM question_index)
		BEGIN INSERT INTO questions (questions, rowid, question_folded)
			VALUES ('delete', old.trace_number, old.question_folded || '  '); END;
	`,
	// How many deletions there were, and how many of them are out of the files, see erase-unused.ts: whoever opens the database next does what is left. What older versions have deleted counts as one.
	`
	CREATE TABLE erasure (wanted INTEGER NOT NULL, done INTEGER NOT NULL, passes INTEGER NOT NULL);
	INSERT INTO erasure SELECT EXISTS (SELECT 1 FROM traces), 0, 0;
	CREATE TRIGGER traces_delete_erasure AFTER DELETE ON traces BEGIN UPDATE erasure SET wanted = wanted + 1; END;
	`,
	// Traces that are older than one with a lower number; all others are newer than every trace with a lower number, or as new. See page-search.ts.
	`
	CREATE TABLE late_traces (trace_number INTEGER PRIMARY KEY);
	INSERT INTO late_traces SELECT trace_number FROM
		(SELECT trace_number, timestamp, max(timestamp) OVER (ORDER BY trace_number) AS latest FROM traces)
		WHERE timestamp < latest;
	CREATE TRIGGER traces_insert_late AFTER INSERT ON traces
		WHEN new.timestamp < (SELECT max(timestamp) FROM traces)
		BEGIN INSERT OR IGNORE INTO late_traces VALUES (new.trace_number); END;
	`,
	// Whom a question is from, as a hash.
	`
	ALTER TABLE traces ADD COLUMN subject BLOB;
	CREATE INDEX traces_by_subject ON traces (subject, timestamp) WHERE subject IS NOT NULL;
	`,
	// Rewriting a follow-up is no part of retrieval any more, which it came before and never overlapped.
	`
	ALTER TABLE traces ADD COLUMN rewriting_ms REAL;
	UPDATE traces SET rewriting_ms = rewriting.ms, retrieval_ms = max(0, round(retrieval_ms - rewriting.ms, 3))
		FROM (SELECT trace_number, sum(duration_ms) AS ms FROM trace_steps WHERE name = 'query_rewriting' GROUP BY trace_number)
			AS rewriting
		WHERE rewriting.trace_number = traces.trace_number;
	`,
	// What an answer can be trusted for. Until now only the gate refused.
	`
	ALTER TABLE traces ADD COLUMN evidence TEXT;
	ALTER TABLE traces ADD COLUMN refused_by TEXT;
	ALTER TABLE traces ADD COLUMN sentences_quoted INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE traces ADD COLUMN sentences_supported INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE traces ADD COLUMN sentences_weak INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE traces ADD COLUMN sentences_none INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE trace_contents ADD COLUMN support TEXT;
	UPDATE traces SET refused_by = 'gate' WHERE status = 'refused';
	CREATE INDEX traces_by_evidence ON traces (evidence, timestamp) WHERE evidence IS NOT NULL;
	CREATE INDEX traces_by_library_evidence ON traces (library_filter, evidence, timestamp) WHERE evidence IS NOT NULL;
	`
];

function forgetRollups(event: string): string {
	const row = event === 'INSERT' ? 'new' : 'old';
	const around = ROLLUP_WIDTHS.map(
		(width) => `(start = ${row}.timestamp - ${row}.timestamp % ${width} AND width = ${width})`
	);
	return `CREATE TRIGGER traces_${event.toLowerCase()}_rollups AFTER ${event} ON traces
		BEGIN DELETE FROM stats_rollups WHERE ${around.join(' OR ')}; END;`;
}

/** Settings of a connection; the first two only take effect on a new file. The log is emptied by the checkpointer, and by a write only at 64 MB. */
const PRAGMAS = `
	PRAGMA busy_timeout = 1000;
	PRAGMA auto_vacuum = INCREMENTAL;
	PRAGMA journal_mode = WAL;
	PRAGMA foreign_keys = ON;
	PRAGMA secure_delete = ON;
	PRAGMA journal_size_limit = 67108864;
	PRAGMA wal_autocheckpoint = 16384;
`;

/**
 * When a write waits for the disk: with `normal` at checkpoints only, so that a power failure may take the last writes back
 * (the file stays whole, and the death of a process loses nothing); with `full` at every commit. See
 * https://sqlite.org/pragma.html#pragma_synchronous
 */
export type Synchronous = 'normal' | 'full';

/** How long a write waits for another process, in milliseconds, once the store is open: nothing else happens meanwhile. */
export const PATIENCE_MS = 100;

/**
 * Sets a connection up and brings its database to the current schema version (`PRAGMA user_version`). Two processes may
 * do so at once.
 * @throws AppError `storage_failed` when a newer Citelight has written the database.
 */
export function prepareDatabase(database: DatabaseSync, synchronous: Synchronous): void {
	database.exec(PRAGMAS);
	database.exec(`PRAGMA synchronous = ${synchronous}`);
	inTransaction(database, () => {
		const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
		if (version > MIGRATIONS.length) {
			throw new AppError('storage_failed', 'The trace database was written by a newer version of Citelight.');
		}
		for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
		if (version < MIGRATIONS.length) database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
	});
	database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
}

/** Does some work in a write transaction: all of it is kept or, when it throws, none. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
	database.exec('BEGIN IMMEDIATE');
	try {
		const result = work();
		database.exec('COMMIT');
		return result;
	} catch (thrown) {
		// SQLite has rolled back by itself after some failures, such as a full disk.
		if (database.isTransaction) database.exec('ROLLBACK');
		throw thrown;
	}
}

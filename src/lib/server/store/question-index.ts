import { setImmediate, setTimeout } from 'node:timers';
import type { StatementSync } from 'node:sqlite';

/** Traces that are not in the index before it is brought up to date; looking through these takes well below a millisecond. */
const BEHIND = 256;
/** How long it takes to put some into the index, in milliseconds, before the event loop gets a turn. */
const STEP_MS = 4;
/** How long it waits when it is held up before it looks again, in milliseconds. */
const PAUSE_MS = 5;
const FIRST_STEP = 64;
const LONGEST_STEP = 256;
/** Questions from which the frequency of letter triples is guessed. */
const SAMPLE = 200;
/** Triples that are looked for: more of them cost more than they exclude. */
const MOST_TRIPLES = 3;
/** Different triples that begin alike which are looked for at once. */
const MOST_BEGINNINGS = 200;
/** In so many questions of the sample, a text of one or two characters is frequent. */
const FREQUENT = 4;

/**
 * Keeps the index of the letter triples in questions up to date. That is done for many traces at a time, long after their
 * acceptance, because one at a time costs a hundred times as much; how far it reaches is in the database (`question_index`).
 */
export class QuestionIndex {
	readonly #prepare: (sql: string) => StatementSync;
	readonly #write: <T>(work: () => T) => T;
	readonly #isHeldUp: () => boolean;
	#behind = 0;
	#step = FIRST_STEP;
	#next: NodeJS.Immediate | undefined;
	#later: NodeJS.Timeout | undefined;

	/** @param isHeldUp whether it should wait with what it writes. */
	constructor(
		prepare: (sql: string) => StatementSync,
		write: <T>(work: () => T) => T,
		isHeldUp: () => boolean = () => false
	) {
		this.#prepare = prepare;
		this.#write = write;
		this.#isHeldUp = isHeldUp;
	}

	/** To be called when the store is open: traces may be left from before. */
	start(): void {
		this.#grew(
			Number(
				this.#prepare(
					`SELECT count(*) AS behind FROM (SELECT 1 FROM traces
					WHERE trace_number > (SELECT indexed_to FROM question_index) LIMIT ${BEHIND})`
				).get()?.behind
			)
		);
	}

	/** To be called after a trace has been inserted. */
	inserted(): void {
		this.#grew(1);
	}

	/** To be called before the database is closed. */
	stop(): void {
		clearImmediate(this.#next);
		clearTimeout(this.#later);
		this.#next = this.#later = undefined;
		this.#behind = Number.NEGATIVE_INFINITY;
	}

	#grew(by: number): void {
		this.#behind += by;
		if (this.#behind >= BEHIND && !this.#later) this.#next ??= setImmediate(() => this.#proceed());
	}

	/** What cannot be written now, because the database is locked or full, is tried again when there are as many new ones. */
	#proceed(): void {
		this.#next = this.#later = undefined;
		if (this.#isHeldUp()) {
			this.#later = setTimeout(() => this.#proceed(), PAUSE_MS);
			this.#later.unref();
			return;
		}
		try {
			const started = performance.now();
			const count = this.#write(() => this.#indexSome(this.#step));
			if (count < this.#step) {
				this.#behind = 0;
				return;
			}
			const took = performance.now() - started;
			if (took < STEP_MS / 2) this.#step = Math.min(2 * this.#step, LONGEST_STEP);
			if (took > STEP_MS) this.#step = Math.max(1, Math.floor(this.#step / 2));
			this.#next = setImmediate(() => this.#proceed());
		} catch {
			this.#behind = 0;
		}
	}

	#indexSome(limit: number): number {
		const some = `SELECT trace_number, question_folded || '  ' FROM traces
			WHERE trace_number > (SELECT indexed_to FROM question_index) ORDER BY trace_number LIMIT ?`;
		const row = this.#prepare(`SELECT max(trace_number) AS last, count(*) AS count FROM (${some})`).get(
			limit
		);
		if (!row?.count) return 0;
		this.#prepare(`INSERT INTO questions (rowid, question_folded) ${some}`).run(limit);
		this.#prepare('UPDATE question_index SET indexed_to = ?').run(Number(row.last));
		return Number(row.count);
	}
}

/** What the index knows of a text. */
export interface Matches {
	/** Traces whose question may have it. */
	traceNumbers: number[];
	/** Traces with a higher number are not in the index. */
	indexedTo: number;
}

/**
 * Traces in the index whose questions may have a text.
 * @param q lower-cased.
 * @returns null when there are more than `most`, or the index is of no use for it.
 */
export function matchingQuestions(
	prepare: (sql: string) => StatementSync,
	q: string,
	most: number
): Matches | null {
	const sample = sampleAfter(prepare, Number.MAX_SAFE_INTEGER);
	const match = [...q].length < 3 ? shortMatch(prepare, q, sample, most) : longMatch(q, sample);
	if (match === null) return null;
	const indexedTo = Number(prepare('SELECT indexed_to FROM question_index').get()?.indexed_to);
	const found = match
		? prepare('SELECT rowid FROM questions WHERE questions MATCH ? LIMIT ?').all(match, most + 1)
		: [];
	const cut = cutQuestions(prepare, most + 1);
	if (found.length + cut.length > most) return null;
	return { traceNumbers: [...new Set([...found.map(({ rowid }) => Number(rowid)), ...cut])], indexedTo };
}

/** The same for a text that may be in any number of questions, though in few of those about a moment: the traces are named bit by bit. */
export interface ManyMatches extends Matches {
	/** Those in the index that have a lower number than the given one, the highest first. */
	below(traceNumber: number, limit: number): number[];
}

/**
 * Traces whose questions may have a text, the last inserted first; `traceNumbers` has those that are in the index in part only.
 * @param q lower-cased.
 * @param moment milliseconds since the epoch.
 * @returns null when many questions before the moment may have it, so that looking at each in the order of time is shorter, or the index
 * is of no use for it.
 */
export function frequentMatches(
	prepare: (sql: string) => StatementSync,
	q: string,
	moment: number,
	most: number
): ManyMatches | null {
	const rarest = rarestTriples(q, sampleAfter(prepare, moment));
	const [first] = rarest;
	if (!first || first.frequency > FREQUENT) return null;
	const cut = cutQuestions(prepare, most + 1);
	if (cut.length > most) return null;
	const match = allOfTriples(rarest);
	return {
		traceNumbers: cut,
		indexedTo: Number(prepare('SELECT indexed_to FROM question_index').get()?.indexed_to),
		below: (traceNumber, limit) =>
			prepare('SELECT rowid FROM questions WHERE questions MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?')
				.all(match, traceNumber, limit)
				.map(({ rowid }) => Number(rowid))
	};
}

/** Some questions of a moment and before. */
function sampleAfter(prepare: (sql: string) => StatementSync, moment: number): string[] {
	return prepare(
		`SELECT question_folded FROM traces WHERE timestamp <= ? ORDER BY timestamp DESC LIMIT ${SAMPLE}`
	)
		.all(moment)
		.map(({ question_folded }) => String(question_folded));
}

/** Traces whose question has a zero character: the index has it only as far as that. */
function cutQuestions(prepare: (sql: string) => StatementSync, limit: number): number[] {
	return prepare('SELECT trace_number FROM traces WHERE instr(question_folded, char(0)) > 0 LIMIT ?')
		.all(limit)
		.map(({ trace_number }) => Number(trace_number));
}

/** A search for the triples of a text that are the rarest in some questions, rarest first; null when it has none. */
function longMatch(q: string, sample: readonly string[]): string | null {
	return allOfTriples(rarestTriples(q, sample)) || null;
}

interface Triple {
	triple: string;
	/** Questions of the sample that have it. */
	frequency: number;
}

function rarestTriples(q: string, sample: readonly string[]): Triple[] {
	const characters = [...q];
	const triples = new Set(characters.slice(2).map((_, at) => characters.slice(at, at + 3).join('')));
	return [...triples]
		.filter((triple) => !triple.includes('\0'))
		.map((triple) => ({ triple, frequency: frequencyOf(triple, sample) }))
		.sort((a, b) => a.frequency - b.frequency)
		.slice(0, MOST_TRIPLES);
}

function allOfTriples(triples: readonly Triple[]): string {
	return triples.map(({ triple }) => quoted(triple)).join(' ');
}

/**
 * A search for the triples that begin with a text of one or two characters; empty when there is none of these, null when
 * the text is frequent: to learn that from the index takes long.
 */
function shortMatch(
	prepare: (sql: string) => StatementSync,
	q: string,
	sample: readonly string[],
	most: number
): string | null {
	if (q.includes('\0') || frequencyOf(q, sample) > FREQUENT) return null;
	const triples: string[] = [];
	let questions = 0;
	for (const { term, doc } of prepare(
		'SELECT term, doc FROM question_triples WHERE term >= ? AND term < ?'
	).iterate(q, `${q}\u{10ffff}`)) {
		triples.push(quoted(String(term)));
		questions += Number(doc);
		if (questions > most || triples.length > MOST_BEGINNINGS) return null;
	}
	return triples.join(' OR ');
}

function frequencyOf(text: string, sample: readonly string[]): number {
	return sample.filter((question) => question.includes(text)).length;
}

function quoted(triple: string): string {
	return `"${triple.replaceAll('"', '""')}"`;
}

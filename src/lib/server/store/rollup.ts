import type { StatementSync } from 'node:sqlite';
import { Breather } from '#lib/server/breather.ts';
import { readBetween } from './read-metrics.ts';
import { ROLLUP_WIDTHS } from './schema.ts';
import { Summary } from './rollup-summary.ts';

const [SMALLEST] = ROLLUP_WIDTHS;
/** A stretch with no more traces than this is summed up from them rather than from smaller stretches. */
const FEW = 1000;
/** Stands for the traces of all libraries. */
const EVERYTHING = '';

/** A stretch of time that begins at a multiple of its width, in milliseconds since the epoch. */
export interface Stretch {
	start: number;
	width: number;
}

/**
 * Sums over stretches of ten minutes, two hours and a day, made when they are first asked for and kept until a trace within changes:
 * triggers of the database see to that, whichever process makes the change.
 */
export class Rollups {
	readonly #prepare: (sql: string) => StatementSync;
	readonly #write: <T>(work: () => T) => T;

	constructor(prepare: (sql: string) => StatementSync, write: <T>(work: () => T) => T) {
		this.#prepare = prepare;
		this.#write = write;
	}

	/**
	 * The sums of the stretches of one width between two moments, those without traces left out.
	 * @param from a multiple of the width; @param to too, not included.
	 * @param library as statistics are asked for: undefined for everything.
	 */
	async *read(
		width: number,
		from: number,
		to: number,
		library: string | undefined
	): AsyncGenerator<{ start: number; summary: Summary }> {
		for (let start = this.#nextTrace(from, to, width); start !== null;) {
			const summary = await this.#summary({ start, width }, keyOf(library));
			if (summary) yield { start, summary };
			start = this.#nextTrace(start + width, to, width);
		}
	}

	/** Start of the stretch of the first trace between two moments; null when there is none. */
	#nextTrace(from: number, to: number, width: number): number | null {
		if (from >= to) return null;
		const row = this.#prepare(
			'SELECT timestamp FROM traces WHERE timestamp >= ? AND timestamp < ? ORDER BY timestamp LIMIT 1'
		).get(from, to);
		return row ? Math.floor(Number(row.timestamp) / width) * width : null;
	}

	async #summary(stretch: Stretch, key: string): Promise<Summary | null> {
		if (!isMade(this.#stored(stretch, EVERYTHING))) return (await this.#make(stretch)).get(key) ?? null;
		const text = this.#stored(stretch, key);
		return isMade(text) ? Summary.read(text) : null;
	}

	#stored({ width, start }: Stretch, key: string): unknown {
		return this.#prepare(
			'SELECT summary FROM stats_rollups WHERE width = ? AND start = ? AND library = ?'
		).get(width, start, key)?.summary;
	}

	/** The sums of a stretch by library. */
	async #summaries(stretch: Stretch): Promise<Map<string, Summary>> {
		const rows = this.#prepare(
			'SELECT library, summary FROM stats_rollups WHERE width = ? AND start = ?'
		).all(stretch.width, stretch.start);
		const texts = new Map(rows.map(({ library, summary }) => [String(library), String(summary)]));
		if (!isMade(texts.get(EVERYTHING))) return this.#make(stretch);
		return new Map([...texts].map(([key, text]) => [key, Summary.read(text)]));
	}

	/**
	 * Sums a stretch up and keeps that, unless a trace within has changed meanwhile: then the mark that was put in its place before is gone.
	 */
	async #make(stretch: Stretch): Promise<Map<string, Summary>> {
		const { start, width } = stretch;
		const mark = `made by ${crypto.randomUUID()}`;
		const replace =
			'INSERT OR REPLACE INTO stats_rollups (width, start, library, summary) VALUES (?, ?, ?, ?)';
		this.#keep(() => this.#prepare(replace).run(width, start, EVERYTHING, mark));
		const summaries = await this.#sumUp(stretch);
		const texts = [...summaries].map(([key, summary]): [string, string] => [key, JSON.stringify(summary)]);
		this.#keep(() => {
			if (this.#stored(stretch, EVERYTHING) !== mark) return;
			for (const [key, text] of texts) this.#prepare(replace).run(width, start, key, text);
		});
		return summaries;
	}

	/** Statistics need what is kept only to be fast: a store that cannot be written is one whose sums are made anew each time. */
	#keep(work: () => void): void {
		try {
			this.#write(work);
		} catch {
			return;
		}
	}

	async #sumUp({ start, width }: Stretch): Promise<Map<string, Summary>> {
		const summaries = new Map([[EVERYTHING, new Summary()]]);
		const sumOf = (key: string) => {
			const known = summaries.get(key) ?? new Summary();
			summaries.set(key, known);
			return known;
		};
		const parts = ROLLUP_WIDTHS.findLast((smaller) => smaller < width);
		if (parts === undefined || this.#hasFew(start, start + width)) {
			const bounds = { from: start, to: start + width - 1 };
			const { traces, steps } = await readBetween(this.#prepare, bounds, undefined);
			for (const key of [
				() => EVERYTHING,
				({ library_filter }: { library_filter: string | null }) => keyOf(String(library_filter))
			]) {
				for (const row of traces) sumOf(key(row)).add(row);
				for (const step of steps) sumOf(key(step)).addStep(step);
			}
			return summaries;
		}
		const breather = new Breather();
		for (let part = this.#nextTrace(start, start + width, parts); part !== null;) {
			for (const [key, summary] of await this.#summaries({ start: part, width: parts })) {
				sumOf(key).merge(summary);
			}
			await breather.breathe();
			part = this.#nextTrace(part + parts, start + width, parts);
		}
		return summaries;
	}

	#hasFew(from: number, to: number): boolean {
		const row = this.#prepare(
			`SELECT count(*) AS count FROM
			(SELECT 1 FROM traces WHERE timestamp >= ? AND timestamp < ? LIMIT ${FEW + 1})`
		).get(from, to);
		return Number(row?.count) <= FEW;
	}
}

/** The smallest stretch there is. */
export const SMALLEST_STRETCH: number = SMALLEST;

/** Whether this is a sum, and not the mark of one that is being made. */
function isMade(text: unknown): text is string {
	return typeof text === 'string' && text.startsWith('{');
}

/** Where a library's sums are kept; a library may be called anything. */
function keyOf(library: string | undefined): string {
	return library === undefined ? EVERYTHING : `=${library}`;
}

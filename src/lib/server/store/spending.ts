import type { DatabaseSync } from 'node:sqlite';
import { openSpendingDatabase } from './spending-database.ts';

/** What the answers of a day have used. */
export interface Spending {
	answers: number;
	/** Of prompts and answers. */
	tokens: number;
	cost_usd: number;
}

/** Where the day's spending is kept; apart from the traces, because deleting those gives no money back. */
export interface SpendingStore {
	/** What is known when it cannot be read. @param day such as `2026-02-05`, in UTC. */
	spent(day: string): Spending;
	/**
	 * Never loses what has been used while the process lives: what cannot be written counts, and is written with the next.
	 * @throws what the storage throws when it cannot be written now.
	 */
	add(day: string, used: Spending): void;
}

const SCHEMA = `
	CREATE TABLE IF NOT EXISTS spending (
		day TEXT PRIMARY KEY,
		answers INTEGER NOT NULL,
		tokens INTEGER NOT NULL,
		cost_usd REAL NOT NULL
	) WITHOUT ROWID;
`;

/** Spending in `spending.sqlite` in the data folder: one row a day, which all processes on the folder add to. */
export class SqliteSpendingStore implements SpendingStore {
	readonly #database: DatabaseSync;
	/** What could not be written yet. */
	#unwritten: { day: string; used: Spending } | null = null;
	/** What was last read, for when it cannot be read. */
	#known = { day: '', spent: nothing() };

	/**
	 * @param dataFolder made when it is not there.
	 * @throws AppError `storage_failed`.
	 */
	constructor(dataFolder: string) {
		this.#database = openSpendingDatabase(dataFolder, SCHEMA);
	}

	spent(day: string): Spending {
		try {
			const row = this.#database
				.prepare('SELECT answers, tokens, cost_usd FROM spending WHERE day = ?')
				.get(day);
			const spent = row
				? { answers: Number(row.answers), tokens: Number(row.tokens), cost_usd: Number(row.cost_usd) }
				: nothing();
			this.#known = { day, spent };
		} catch {
			if (this.#known.day !== day) this.#known = { day, spent: nothing() };
		}
		return this.#unwritten?.day === day ? sum(this.#known.spent, this.#unwritten.used) : this.#known.spent;
	}

	add(day: string, used: Spending): void {
		const all = this.#unwritten?.day === day ? sum(this.#unwritten.used, used) : used;
		this.#unwritten = { day, used: all };
		this.#database
			.prepare(
				`INSERT INTO spending (day, answers, tokens, cost_usd) VALUES (?, ?, ?, ?)
				ON CONFLICT (day) DO UPDATE SET answers = answers + excluded.answers,
					tokens = tokens + excluded.tokens, cost_usd = cost_usd + excluded.cost_usd`
			)
			.run(day, all.answers, all.tokens, all.cost_usd);
		this.#unwritten = null;
	}

	close(): void {
		if (this.#database.isOpen) this.#database.close();
	}
}

const nothing = (): Spending => ({ answers: 0, tokens: 0, cost_usd: 0 });

function sum(one: Spending, other: Spending): Spending {
	return {
		answers: one.answers + other.answers,
		tokens: one.tokens + other.tokens,
		cost_usd: one.cost_usd + other.cost_usd
	};
}

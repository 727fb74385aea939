import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { openSpendingDatabase } from './spending-database.ts';

/** What the answers of one client have used on a day. */
export interface ClientSpending {
	answers: number;
	/** Of prompts and answers. */
	tokens: number;
}

/** Where each client's spending of the day is kept. */
export interface ClientSpendingStore {
	/** What is known when it cannot be read. @param day such as `2026-02-05`, in UTC. */
	spent(day: string, client: string): ClientSpending;
	/**
	 * Counts an answer. Never loses what has been used while the process lives: what cannot be written counts, and is written later.
	 * @throws what the storage throws when it cannot be written now.
	 */
	add(day: string, client: string, tokens: number): void;
}

const SCHEMA = `
	CREATE TABLE IF NOT EXISTS client_spending (
		day TEXT NOT NULL,
		client TEXT NOT NULL,
		answers INTEGER NOT NULL,
		tokens INTEGER NOT NULL,
		PRIMARY KEY (day, client)
	) WITHOUT ROWID;
`;

/**
 * Each client's spending in `spending.sqlite` in the data folder. A client's name can be its address, so only a hash is
 * kept, another one every day, and days that are over are deleted.
 */
export class SqliteClientSpendingStore implements ClientSpendingStore {
	readonly #database: DatabaseSync;
	/** What could not be written yet, by day and hash. */
	readonly #unwritten = new Map<string, { day: string; hash: string; used: ClientSpending }>();
	/** What was last read, by hash, for when it cannot be read. */
	readonly #known = new Map<string, ClientSpending>();
	#newestDay = '';

	/**
	 * @param dataFolder made when it is not there.
	 * @throws AppError `storage_failed`.
	 */
	constructor(dataFolder: string) {
		this.#database = openSpendingDatabase(dataFolder, SCHEMA);
	}

	spent(day: string, client: string): ClientSpending {
		const hash = hashOf(day, client);
		return sum(this.#written(day, hash), this.#unwritten.get(hash)?.used ?? nothing());
	}

	add(day: string, client: string, tokens: number): void {
		const hash = hashOf(day, client);
		const used = sum(this.#unwritten.get(hash)?.used ?? nothing(), { answers: 1, tokens });
		this.#unwritten.set(hash, { day, hash, used });
		this.#write(day);
	}

	close(): void {
		if (this.#database.isOpen) this.#database.close();
	}

	#written(day: string, hash: string): ClientSpending {
		try {
			const row = this.#database
				.prepare('SELECT answers, tokens FROM client_spending WHERE day = ? AND client = ?')
				.get(day, hash);
			if (!row) return nothing();
			const spent = { answers: Number(row.answers), tokens: Number(row.tokens) };
			this.#known.set(hash, spent);
			return spent;
		} catch {
			return this.#known.get(hash) ?? nothing();
		}
	}

	#write(today: string): void {
		if (this.#newestDay < today) {
			this.#database.prepare('DELETE FROM client_spending WHERE day < ?').run(today);
			this.#newestDay = today;
			this.#known.clear();
		}
		const insert = this.#database.prepare(
			`INSERT INTO client_spending (day, client, answers, tokens) VALUES (?, ?, ?, ?)
			ON CONFLICT (day, client) DO UPDATE SET answers = answers + excluded.answers, tokens = tokens + excluded.tokens`
		);
		for (const [key, { day, hash, used }] of this.#unwritten) {
			if (day >= this.#newestDay) insert.run(day, hash, used.answers, used.tokens);
			this.#unwritten.delete(key);
		}
	}
}

const hashOf = (day: string, client: string) =>
	createHash('sha256').update(`${day} ${client}`).digest('base64url');

const nothing = (): ClientSpending => ({ answers: 0, tokens: 0 });

function sum(one: ClientSpending, other: ClientSpending): ClientSpending {
	return { answers: one.answers + other.answers, tokens: one.tokens + other.tokens };
}

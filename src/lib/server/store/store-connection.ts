import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AppError } from '#lib/server/error.ts';
import { Checkpointer } from './checkpointer.ts';
import { inTransaction, PATIENCE_MS, prepareDatabase, type Synchronous } from './schema.ts';
import { storeTroubleOf } from './store-trouble.ts';

/** The connection to a trace database: its statements, each prepared once, its transactions, and what its failures become. */
export class StoreConnection {
	readonly database: DatabaseSync;
	readonly #checkpointer: Checkpointer;
	readonly #statements = new Map<string, StatementSync>();
	#isImpatient = false;

	/** Opens a database, making it when it is not there, and brings it to the current schema; throws what SQLite throws. */
	constructor(path: string, synchronous: Synchronous = 'normal') {
		this.database = new DatabaseSync(path);
		try {
			prepareDatabase(this.database, synchronous);
		} catch (thrown) {
			this.database.close();
			throw thrown;
		}
		this.#checkpointer = new Checkpointer(path);
	}

	/** The statement of a text. An arrow function, because it is handed on. */
	readonly prepare = (sql: string): StatementSync => {
		let statement = this.#statements.get(sql);
		if (!statement) {
			statement = this.database.prepare(sql);
			this.#statements.set(sql, statement);
		}
		return statement;
	};

	/**
	 * Does some work in a write transaction.
	 * @throws AppError `storage_failed`; nothing of the work is kept then.
	 */
	readonly write = <T>(work: () => T): T =>
		this.guard(() => {
			const result = inTransaction(this.database, work);
			this.wrote();
			if (this.#isImpatient) this.#setPatience(false);
			return result;
		});

	/** Turns what SQLite throws into an AppError `storage_failed`. */
	readonly guard = <T>(work: () => T): T => {
		try {
			return work();
		} catch (thrown) {
			if (!this.#isImpatient && storeTroubleOf(thrown) === 'locked') this.#setPatience(true);
			throw storageError(thrown, 'The trace store did not answer as it should.');
		}
	};

	/** To be called after a write outside of `write`. */
	wrote(): void {
		this.#checkpointer.wrote();
	}

	/** Takes what was deleted out of the files; resolves to whether that could be done now. An arrow function, because it is handed on. */
	readonly erase = (): Promise<boolean> => this.#checkpointer.erase();

	/** See `Checkpointer.isCheckpointing`. */
	readonly isCheckpointing = (): boolean => this.#checkpointer.isCheckpointing;

	/** Closes it; may be called again. */
	close(): void {
		if (!this.database.isOpen) return;
		this.#checkpointer.stop();
		this.#statements.clear();
		this.database.close();
	}

	/** Who has waited for a lock in vain does not wait for it again: later writes find at once whether it is gone. */
	#setPatience(isImpatient: boolean): void {
		this.#isImpatient = isImpatient;
		this.database.exec(`PRAGMA busy_timeout = ${isImpatient ? 0 : PATIENCE_MS}`);
	}
}

/** An AppError as it is; anything else as the cause of a `storage_failed`. */
export function storageError(thrown: unknown, message: string): AppError {
	return thrown instanceof AppError ? thrown : new AppError('storage_failed', message, { cause: thrown });
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfCancelled } from '#lib/server/error.ts';

/** Longest stretch of work between two turns of the event loop, of everybody who breathes together, in milliseconds. */
const STRETCH_MS = 5;

/** When the first of those who breathe began to work in this turn of the event loop; null when none has. */
let turnBegan: number | null = null;

function beginTurn(): void {
	if (turnBegan !== null) return;
	turnBegan = performance.now();
	setImmediate(() => (turnBegan = null));
}

/**
 * Lets long work in pieces give way to everything else on the event loop, answers that stream above all. All work of a turn counts
 * together: ten questions that come at once hold it up no longer than one, and one alone is done without a pause if it is short.
 */
export class Breather {
	#since = performance.now();
	readonly #signal: AbortSignal | undefined;

	constructor(signal?: AbortSignal) {
		this.#signal = signal;
		beginTurn();
	}

	/**
	 * To be awaited between pieces; returns at once while the stretch is not over.
	 * @throws AppError `cancelled` when the signal has fired.
	 */
	async breathe(): Promise<void> {
		const began = turnBegan;
		if (performance.now() - (began ?? this.#since) < STRETCH_MS) return;
		await nextTurn();
		// Where nobody's immediate has run, under a clock of a test, the old turn must not last for ever.
		if (began !== null && turnBegan === began) turnBegan = null;
		beginTurn();
		this.#since = performance.now();
		if (this.#signal) throwIfCancelled(this.#signal);
	}
}

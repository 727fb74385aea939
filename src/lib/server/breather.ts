import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '#lib/server/error.ts';

/** Longest stretch of work between two turns of the event loop, in milliseconds. */
const STRETCH_MS = 5;

/** Lets long work in pieces give way to everything else on the event loop, answers that stream above all. */
export class Breather {
	#since = performance.now();
	readonly #signal: AbortSignal | undefined;

	constructor(signal?: AbortSignal) {
		this.#signal = signal;
	}

	/**
	 * To be awaited between pieces; returns at once while the stretch is not over.
	 * @throws AppError `cancelled` when the signal has fired.
	 */
	async breathe(): Promise<void> {
		if (performance.now() - this.#since < STRETCH_MS) return;
		await setImmediate();
		if (this.#signal) throwIfCancelled(this.#signal);
		this.#since = performance.now();
	}
}

/**
 * One turn of the event loop for everything else, between two stages that each take a good part of such a stretch.
 * @throws AppError `cancelled` when the signal has fired.
 */
export async function giveWay(signal?: AbortSignal): Promise<void> {
	await setImmediate();
	if (signal) throwIfCancelled(signal);
}

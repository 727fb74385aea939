/** How long a run waits for its first listener when leaving would stop it at once, in milliseconds. */
const FIRST_LISTENER_MS = 2000;

/** Notices when nobody listens to a run any more. */
export class Attendance {
	readonly #graceMs: number;
	readonly #onDeserted: (untakenMs: number) => void;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/**
	 * Waits for the first listener from now on.
	 * @param graceMs how long nobody may listen, in milliseconds; 0 is over as soon as the last one leaves.
	 * @param onDeserted is told how long something had waited for the last one when they left, in milliseconds.
	 */
	constructor(graceMs: number, onDeserted: (untakenMs: number) => void) {
		this.#graceMs = graceMs;
		this.#onDeserted = onDeserted;
		this.#expect(graceMs || FIRST_LISTENER_MS);
	}

	/** To be told how many listen whenever that changes, see `OnListeners`. */
	changed(listeners: number, untakenMs: number): void {
		this.end();
		if (listeners > 0) return;
		if (this.#graceMs === 0) this.#onDeserted(untakenMs);
		else this.#expect(this.#graceMs, untakenMs);
	}

	/** Nobody is expected any more. */
	end(): void {
		clearTimeout(this.#timer);
	}

	#expect(withinMs: number, untakenMs = 0): void {
		this.#timer = setTimeout(this.#onDeserted, withinMs, untakenMs);
	}
}

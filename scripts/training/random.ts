/**
 * A shuffled copy; the same for the same seed. Random numbers by Mulberry32 (Tommy Ettinger), order by Fisher and Yates.
 */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
	const shuffled = [...items];
	const random = randomNumbers(seed);
	for (let at = shuffled.length - 1; at > 0; at -= 1) {
		const other = Math.floor(random() * (at + 1));
		[shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
	}
	return shuffled;
}

/** From 0 up to but not including 1. */
function randomNumbers(seed: number): () => number {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

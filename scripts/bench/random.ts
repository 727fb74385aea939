/** Random numbers that are the same for the same seed. */
export interface Random {
	/** From 0 up to but not including 1. */
	next(): number;
	/** A whole number from 0 up to but not including `limit`. */
	below(limit: number): number;
	/** From the normal distribution, by the Box-Muller transform. */
	normal(): number;
	pick<T>(items: readonly T[]): T;
}

/** Mulberry32, by Tommy Ettinger: 32 bits of state, good enough to make things up. */
export function randomFrom(seed: number): Random {
	let state = seed | 0;
	const next = () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	return {
		next,
		below: (limit) => Math.floor(next() * limit),
		normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
		pick: (items) => items[Math.floor(next() * items.length)]!
	};
}

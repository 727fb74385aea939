/** A smaller largest component counts as nothing: its scale would not be a normal 32-bit float. */
const SMALLEST_COMPONENT = 1e-30;

/** Puts a bound above the rounding of its own computation and of being kept as a 32-bit float. */
const ROUND_UP = 1 + 1e-6;

/** How a vector was quantised: component ≈ scale · whole number. */
export interface Quantisation {
	/** A 32-bit float. */
	scale: number;
	/** Euclidean length of the vector, at most. */
	length: number;
	/** Euclidean length of the vector minus its quantised form, at most. By Cauchy-Schwarz it bounds the error of dot products. */
	radius: number;
}

/**
 * Writes a vector as whole numbers from -most to most.
 * @param values where they are written; at least as long as the vector
 */
export function quantise(vector: Float32Array, most: number, values: Int16Array): Quantisation {
	const { length } = vector;
	let largest = 0;
	for (let place = 0; place < length; place += 1) {
		const size = Math.abs(vector[place]!);
		if (size > largest) largest = size;
	}
	const scale = largest > SMALLEST_COMPONENT ? Math.fround(largest / most) : 0;
	const steps = scale > 0 ? 1 / scale : 0;
	const half = most + 0.5;
	let squares = 0;
	let errors = 0;
	for (let place = 0; place < length; place += 1) {
		const component = vector[place]!;
		// Rounds by truncating a positive number, several times faster than Math.round.
		const value = ((component * steps + half) | 0) - most;
		values[place] = value;
		const error = component - value * scale;
		squares += component * component;
		errors += error * error;
	}
	return { scale, length: Math.sqrt(squares) * ROUND_UP, radius: Math.sqrt(errors) * ROUND_UP };
}

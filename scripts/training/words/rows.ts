/** A dense matrix, row after row. */
export interface Rows {
	count: number;
	width: number;
	values: Float32Array;
}

/** Brings each row to unit length in place; returns the lengths that they had. Rows of zeros stay. */
export function normalizeRows({ count, width, values }: Rows): Float32Array {
	const lengths = new Float32Array(count);
	for (let row = 0; row < count; row += 1) {
		let squares = 0;
		for (let at = row * width; at < (row + 1) * width; at += 1) squares += values[at]! * values[at]!;
		lengths[row] = Math.sqrt(squares);
		if (squares === 0) continue;
		for (let at = row * width; at < (row + 1) * width; at += 1) values[at]! /= lengths[row]!;
	}
	return lengths;
}

/** Scalar products of each row of the one with each row of the other, a row of results for each row of the first. */
export function dotAll(first: Rows, second: Rows): Float32Array {
	const { width } = first;
	const [a, b] = [first.values, second.values];
	const products = new Float32Array(first.count * second.count);
	for (let row = 0; row < first.count; row += 1) {
		const start = row * width;
		for (let other = 0; other < second.count; other += 1) {
			const otherStart = other * width;
			let [even, odd] = [0, 0];
			for (let at = 0; at < width; at += 2) {
				even += a[start + at]! * b[otherStart + at]!;
				odd += a[start + at + 1]! * b[otherStart + at + 1]!;
			}
			products[row * second.count + other] = even + odd;
		}
	}
	return products;
}

/** A square matrix of weights, or its transpose, times rows. */
export function timesAll(weights: Float32Array, { count, width, values }: Rows, isTransposed: boolean): Rows {
	const sums = new Float32Array(count * width);
	for (let row = 0; row < count; row += 1) {
		const start = row * width;
		for (let other = 0; other < count; other += 1) {
			const weight = weights[isTransposed ? other * count + row : row * count + other]!;
			// Most passages are far from most questions: what they add is nothing.
			if (Math.abs(weight) < 1e-9) continue;
			const otherStart = other * width;
			for (let at = 0; at < width; at += 1) sums[start + at]! += weight * values[otherStart + at]!;
		}
	}
	return { count, width, values: sums };
}

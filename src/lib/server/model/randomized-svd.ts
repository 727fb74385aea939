import type { Breather } from '#lib/server/breather.ts';

/** A sparse matrix, row after row. */
export interface SparseMatrix {
	rows: number;
	columns: number;
	/** Start of each row in `indices` and `values`; one more than there are rows. */
	starts: Uint32Array;
	/** Column of each entry. */
	indices: Uint32Array;
	values: Float32Array;
}

/** Extra directions that make the sampled range safer. */
const OVERSAMPLING = 12;
const JACOBI_SWEEPS = 12;

/**
 * The right singular vectors with the largest singular values, as a columns × rank matrix in row order, and the singular values.
 * Randomised range finder with one power iteration, the start drawn from a seeded generator, so the result is the same every time. Source: Halko, Martinsson,
 * Tropp, "Finding Structure with Randomness", SIAM Review 2011, algorithms 4.4 and 5.1.
 * @throws AppError `cancelled`, through the breather.
 */
export async function rightSingularVectors(
	matrix: SparseMatrix,
	rank: number,
	breather: Breather
): Promise<{ vectors: Float32Array; singularValues: Float64Array }> {
	const width = Math.min(rank + OVERSAMPLING, matrix.rows, matrix.columns);
	let basis = await timesTransposed(matrix, gaussians(matrix.rows * width), width, breather);
	await orthonormalise(basis, matrix.columns, width, 1, breather);
	basis = await timesTransposed(matrix, await times(matrix, basis, width, breather), width, breather);
	await orthonormalise(basis, matrix.columns, width, 2, breather);

	const projected = await times(matrix, basis, width, breather);
	const gram = await gramMatrix(projected, matrix.rows, width, breather);
	const { vectors: rotation, values } = symmetricEigen(gram, width);
	const order = Array.from(values, (_, at) => at)
		.sort((a, b) => values[b]! - values[a]!)
		.slice(0, rank);
	const vectors = new Float32Array(matrix.columns * order.length);
	for (let row = 0; row < matrix.columns; row += 1) {
		order.forEach((column, place) => {
			let sum = 0;
			for (let at = 0; at < width; at += 1) sum += basis[row * width + at]! * rotation[at * width + column]!;
			vectors[row * order.length + place] = sum;
		});
		if (row % 64 === 0) await breather.breathe();
	}
	return {
		vectors,
		singularValues: Float64Array.from(order, (column) => Math.sqrt(Math.max(0, values[column]!)))
	};
}

/** matrix · dense, where dense has `width` columns. */
async function times(
	{ rows, starts, indices, values }: SparseMatrix,
	dense: Float32Array,
	width: number,
	breather: Breather
): Promise<Float32Array> {
	const product = new Float32Array(rows * width);
	for (let row = 0; row < rows; row += 1) {
		const target = row * width;
		for (let entry = starts[row]!; entry < starts[row + 1]!; entry += 1) {
			const value = values[entry]!;
			const source = indices[entry]! * width;
			for (let at = 0; at < width; at += 1) product[target + at]! += value * dense[source + at]!;
		}
		if (row % 64 === 0) await breather.breathe();
	}
	return product;
}

/** matrixᵀ · dense, where dense has `width` columns. */
async function timesTransposed(
	{ rows, columns, starts, indices, values }: SparseMatrix,
	dense: Float32Array,
	width: number,
	breather: Breather
): Promise<Float32Array> {
	const product = new Float32Array(columns * width);
	for (let row = 0; row < rows; row += 1) {
		const source = row * width;
		for (let entry = starts[row]!; entry < starts[row + 1]!; entry += 1) {
			const value = values[entry]!;
			const target = indices[entry]! * width;
			for (let at = 0; at < width; at += 1) product[target + at]! += value * dense[source + at]!;
		}
		if (row % 64 === 0) await breather.breathe();
	}
	return product;
}

/** denseᵀ · dense. */
async function gramMatrix(
	dense: Float32Array,
	rows: number,
	width: number,
	breather: Breather
): Promise<Float64Array> {
	const gram = new Float64Array(width * width);
	for (let row = 0; row < rows; row += 1) {
		const start = row * width;
		for (let i = 0; i < width; i += 1) {
			const value = dense[start + i]!;
			if (value === 0) continue;
			const target = i * width;
			for (let j = i; j < width; j += 1) gram[target + j]! += value * dense[start + j]!;
		}
		if (row % 64 === 0) await breather.breathe();
	}
	for (let i = 0; i < width; i += 1)
		for (let j = 0; j < i; j += 1) gram[i * width + j] = gram[j * width + i]!;
	return gram;
}

/**
 * Makes the columns orthonormal in place, through the eigenvectors of the Gram matrix; a second round makes up for rounding. Directions that are not there
 * become zero.
 */
async function orthonormalise(
	dense: Float32Array,
	rows: number,
	width: number,
	rounds: number,
	breather: Breather
): Promise<void> {
	const row = new Float64Array(width);
	for (let round = 0; round < rounds; round += 1) {
		const { vectors, values } = symmetricEigen(await gramMatrix(dense, rows, width, breather), width);
		const largest = values.reduce((most, value) => Math.max(most, value), 0);
		const scales = values.map((value) => (value > largest * 1e-10 ? 1 / Math.sqrt(value) : 0));
		for (let at = 0; at < rows; at += 1) {
			const start = at * width;
			row.fill(0);
			for (let i = 0; i < width; i += 1) {
				const value = dense[start + i]!;
				if (value === 0) continue;
				for (let j = 0; j < width; j += 1) row[j]! += value * vectors[i * width + j]!;
			}
			for (let j = 0; j < width; j += 1) dense[start + j] = row[j]! * scales[j]!;
			if (at % 64 === 0) await breather.breathe();
		}
	}
}

/**
 * Eigenvectors (as columns) and eigenvalues of a symmetric matrix by cyclic Jacobi rotations.
 * Source: Golub, Van Loan, "Matrix Computations", 4th edition, section 8.5.
 */
export function symmetricEigen(
	symmetric: Float64Array,
	size: number
): { vectors: Float64Array; values: Float64Array } {
	const a = symmetric.slice();
	const vectors = new Float64Array(size * size);
	for (let at = 0; at < size; at += 1) vectors[at * size + at] = 1;
	for (let sweep = 0; sweep < JACOBI_SWEEPS; sweep += 1) {
		let rotated = false;
		for (let p = 0; p < size - 1; p += 1) {
			for (let q = p + 1; q < size; q += 1) {
				const apq = a[p * size + q]!;
				const app = a[p * size + p]!;
				const aqq = a[q * size + q]!;
				if (Math.abs(apq) <= 1e-12 * Math.sqrt(Math.abs(app * aqq)) || apq === 0) continue;
				rotated = true;
				const theta = (aqq - app) / (2 * apq);
				const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
				const c = 1 / Math.sqrt(t * t + 1);
				const s = t * c;
				for (let k = 0; k < size; k += 1) {
					const akp = a[k * size + p]!;
					const akq = a[k * size + q]!;
					a[k * size + p] = c * akp - s * akq;
					a[k * size + q] = s * akp + c * akq;
				}
				for (let k = 0; k < size; k += 1) {
					const apk = a[p * size + k]!;
					const aqk = a[q * size + k]!;
					a[p * size + k] = c * apk - s * aqk;
					a[q * size + k] = s * apk + c * aqk;
					const vkp = vectors[k * size + p]!;
					const vkq = vectors[k * size + q]!;
					vectors[k * size + p] = c * vkp - s * vkq;
					vectors[k * size + q] = s * vkp + c * vkq;
				}
			}
		}
		if (!rotated) break;
	}
	return { vectors, values: Float64Array.from({ length: size }, (_, at) => a[at * size + at]!) };
}

/** Normally distributed numbers, the same every time (Box-Muller over mulberry32). */
function gaussians(count: number): Float32Array {
	let state = 0x9e3779b9;
	const uniform = () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const numbers = new Float32Array(count);
	for (let at = 0; at < count; at += 1) {
		numbers[at] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
	}
	return numbers;
}

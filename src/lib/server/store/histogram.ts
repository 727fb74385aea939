/** Ratio between the bounds of a bin. */
const GROWTH = 1.01;
const LOG_GROWTH = Math.log(GROWTH);
/** Bin of what is too small to be timed, 0 included; in milliseconds everything below a microsecond. */
const SMALLEST = 0.001;
const ZERO_BIN = -10_000;

/** How far a percentile of a histogram can be from the true one, as a share of it: half a bin. */
export const HISTOGRAM_ERROR = (GROWTH - 1) / (GROWTH + 1);

/**
 * Durations in bins that grow by 1 %, so that any number of them takes the same little room, and those of two stretches of time add up.
 * Count, sum, least and greatest are exact; a percentile is within half a per cent. Source: Masson, Rim, Lee, "DDSketch: A Fast and
 * Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019.
 */
export class Histogram {
	count = 0;
	sum = 0;
	readonly #bins = new Map<number, number>();
	#least = Infinity;
	#greatest = -Infinity;

	add(value: number): void {
		this.count += 1;
		this.sum += value;
		const bin = value < SMALLEST ? ZERO_BIN : Math.ceil(Math.log(value) / LOG_GROWTH);
		this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
		if (value < this.#least) this.#least = value;
		if (value > this.#greatest) this.#greatest = value;
	}

	/** Nearest-rank percentile, within HISTOGRAM_ERROR; null without values. */
	percentile(percent: number): number | null {
		if (this.count === 0) return null;
		let rank = Math.max(1, Math.ceil((percent * this.count) / 100));
		for (const bin of [...this.#bins.keys()].sort((a, b) => a - b)) {
			rank -= this.#bins.get(bin)!;
			if (rank > 0) continue;
			const middle = bin === ZERO_BIN ? 0 : (2 * GROWTH ** bin) / (GROWTH + 1);
			return Math.min(this.#greatest, Math.max(this.#least, middle));
		}
		return this.#greatest;
	}

	merge(other: Histogram): void {
		this.count += other.count;
		this.sum += other.sum;
		for (const [bin, count] of other.#bins) this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + count);
		this.#least = Math.min(this.#least, other.#least);
		this.#greatest = Math.max(this.#greatest, other.#greatest);
	}

	/** For storage: numbers only; `read` makes the same of it. */
	toJSON(): number[] {
		if (this.count === 0) return [];
		return [this.count, this.sum, this.#least, this.#greatest, ...[...this.#bins].flat()];
	}

	static read(numbers: readonly number[]): Histogram {
		const histogram = new Histogram();
		if (numbers.length === 0) return histogram;
		const [count = 0, sum = 0, least = 0, greatest = 0] = numbers;
		Object.assign(histogram, { count, sum });
		histogram.#least = least;
		histogram.#greatest = greatest;
		for (let at = 4; at + 1 < numbers.length; at += 2) histogram.#bins.set(numbers[at]!, numbers[at + 1]!);
		return histogram;
	}
}

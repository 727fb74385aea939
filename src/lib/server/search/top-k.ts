/**
 * Collects the k best of many scored numbers with a binary heap whose root is the worst one kept. Ties go to whom `before` puts
 * first, so that the result does not depend on the order of arrival.
 */
export class TopK {
	readonly numbers: Uint32Array;
	readonly scores: Float64Array;
	size = 0;
	readonly #before: (a: number, b: number) => boolean;

	/** @param before whether, at equal scores, number a comes before number b */
	constructor(limit: number, before: (a: number, b: number) => boolean) {
		this.numbers = new Uint32Array(limit);
		this.scores = new Float64Array(limit);
		this.#before = before;
	}

	/** A score below this cannot get in any more; one that equals it may. */
	get threshold(): number {
		return this.size < this.numbers.length ? -Infinity : (this.scores[0] ?? Infinity);
	}

	offer(number: number, score: number): void {
		if (this.size < this.numbers.length) {
			this.#rise(this.size, number, score);
			this.size += 1;
		} else if (this.size > 0 && this.#better(number, score, this.numbers[0]!, this.scores[0]!)) {
			this.#sink(number, score);
		}
	}

	/** Empties the heap into arrays, best first. */
	drain(): { numbers: Uint32Array; scores: Float64Array } {
		const count = this.size;
		const numbers = new Uint32Array(count);
		const scores = new Float64Array(count);
		for (let at = count - 1; at >= 0; at -= 1) {
			numbers[at] = this.numbers[0]!;
			scores[at] = this.scores[0]!;
			this.size -= 1;
			this.#sink(this.numbers[this.size]!, this.scores[this.size]!);
		}
		return { numbers, scores };
	}

	#better(number: number, score: number, otherNumber: number, otherScore: number): boolean {
		return score > otherScore || (score === otherScore && this.#before(number, otherNumber));
	}

	#rise(from: number, number: number, score: number): void {
		let at = from;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!this.#better(this.numbers[parent]!, this.scores[parent]!, number, score)) break;
			this.numbers[at] = this.numbers[parent]!;
			this.scores[at] = this.scores[parent]!;
			at = parent;
		}
		this.numbers[at] = number;
		this.scores[at] = score;
	}

	/** Puts an entry in place of the root. */
	#sink(number: number, score: number): void {
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			if (child >= this.size) break;
			const right = child + 1;
			if (
				right < this.size &&
				this.#better(this.numbers[child]!, this.scores[child]!, this.numbers[right]!, this.scores[right]!)
			) {
				child = right;
			}
			if (!this.#better(number, score, this.numbers[child]!, this.scores[child]!)) break;
			this.numbers[at] = this.numbers[child]!;
			this.scores[at] = this.scores[child]!;
			at = child;
		}
		this.numbers[at] = number;
		this.scores[at] = score;
	}
}

type Numbers =
	Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
type NumbersConstructor<T extends Numbers> = new (length: number) => T;

/** A typed array that grows by doubling. `array` may be longer than `length`; it is replaced when it grows. */
export class GrowingArray<T extends Numbers> {
	array: T;
	length: number;
	readonly #make: NumbersConstructor<T>;

	/** @param initial is taken as it is, not copied. */
	constructor(make: NumbersConstructor<T>, initial: T = new make(0)) {
		this.#make = make;
		this.array = initial;
		this.length = initial.length;
	}

	push(value: number): void {
		this.reserve(this.length + 1);
		this.array[this.length] = value;
		this.length += 1;
	}

	append(values: T): void {
		this.reserve(this.length + values.length);
		this.array.set(values, this.length);
		this.length += values.length;
	}

	at(index: number): number {
		return this.array[index] ?? 0;
	}

	set(index: number, value: number): void {
		this.array[index] = value;
	}

	/** Lengthens it with zeros to at least this. */
	extend(length: number): void {
		if (length <= this.length) return;
		this.reserve(length);
		this.length = length;
	}

	/** The part in use, sharing memory. */
	view(): T {
		return this.array.subarray(0, this.length) as T;
	}

	reserve(capacity: number): void {
		if (capacity <= this.array.length) return;
		const grown = new this.#make(Math.max(capacity, this.array.length * 2, 64));
		grown.set(this.array.subarray(0, this.length));
		this.array = grown;
	}
}

/** How many there are of each name; of names without any, nothing is kept. */
export class CountByName {
	readonly #counts = new Map<string, number>();

	of(name: string): number {
		return this.#counts.get(name) ?? 0;
	}

	/** One more; @returns how many there are then. */
	add(name: string): number {
		const count = this.of(name) + 1;
		this.#counts.set(name, count);
		return count;
	}

	/** One less. */
	remove(name: string): void {
		const count = this.of(name) - 1;
		if (count > 0) this.#counts.set(name, count);
		else this.#counts.delete(name);
	}
}

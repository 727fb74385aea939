/** A waiting line in which owners take turns; each owner's entries keep their order. */
export class FairLine<Entry> {
	/** In the order of their turns; an owner without entries is not in it. */
	readonly #byOwner = new Map<string, Entry[]>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	add(owner: string, entry: Entry): void {
		const entries = this.#byOwner.get(owner);
		if (entries) entries.push(entry);
		else this.#byOwner.set(owner, [entry]);
		this.#size += 1;
	}

	/** Takes out whose turn it is; its owner's next turn comes after everybody else's. */
	next(): Entry | undefined {
		const [first] = this.#byOwner;
		if (!first) return undefined;
		const [owner, entries] = first;
		const entry = entries.shift();
		this.#byOwner.delete(owner);
		if (entries.length > 0) this.#byOwner.set(owner, entries);
		this.#size -= 1;
		return entry;
	}

	/** Takes an entry out; one that is not in the line changes nothing. */
	remove(owner: string, entry: Entry): void {
		const entries = this.#byOwner.get(owner);
		const at = entries?.indexOf(entry) ?? -1;
		if (!entries || at < 0) return;
		entries.splice(at, 1);
		if (entries.length === 0) this.#byOwner.delete(owner);
		this.#size -= 1;
	}

	/** How many come before an entry, if nobody else joins; null when it is not in the line. */
	ahead(owner: string, entry: Entry): number | null {
		const own = this.#byOwner.get(owner)?.indexOf(entry) ?? -1;
		if (own < 0) return null;
		let count = 0;
		let isBefore = true;
		for (const [other, { length }] of this.#byOwner) {
			if (other === owner) {
				count += own;
				isBefore = false;
			} else {
				count += Math.min(length, isBefore ? own + 1 : own);
			}
		}
		return count;
	}

	/** Whether somebody has at least two entries more than this owner. */
	mayDisplace(owner: string): boolean {
		const own = this.#byOwner.get(owner)?.length ?? 0;
		return (this.#longest()?.[1].length ?? 0) >= own + 2;
	}

	/** Takes out the last entry of the owner who has most. */
	displace(): Entry | undefined {
		const [owner, entries] = this.#longest() ?? [];
		const entry = entries?.at(-1);
		if (owner !== undefined && entry !== undefined) this.remove(owner, entry);
		return entry;
	}

	#longest(): [string, Entry[]] | undefined {
		let longest: [string, Entry[]] | undefined;
		for (const pair of this.#byOwner) if (!longest || pair[1].length > longest[1].length) longest = pair;
		return longest;
	}
}

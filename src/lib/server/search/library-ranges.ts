/** Stands for no library filter. */
export const ALL_LIBRARIES = -1;

/** Library number of a removed passage. */
export const REMOVED = 0xffff;

/** Passage numbers from `from` (included) to `to` (excluded). */
export interface NumberRange {
	from: number;
	to: number;
}

/** Ranges of consecutive passages by library number, and of all that are there under ALL_LIBRARIES. */
export function libraryRanges(libraries: Uint16Array): Map<number, NumberRange[]> {
	const ranges = new Map<number, NumberRange[]>();
	for (let from = 0, to = 0; from < libraries.length; from = to) {
		const library = libraries[from]!;
		while (to < libraries.length && libraries[to] === library) to += 1;
		if (library === REMOVED) continue;
		for (const owner of [library, ALL_LIBRARIES]) {
			const own = ranges.get(owner) ?? [];
			ranges.set(owner, own);
			const last = own.at(-1);
			if (last?.to === from) last.to = to;
			else own.push({ from, to });
		}
	}
	return ranges;
}

/** Code is not prose: `rows[1]` inside it cites nothing. */
const CODE = /```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`/g;
/** `[1]` or `[1, 3]`, but not `rows[1]` and not the text of a link, `[1](…)`. */
const CITATION = /(?<![\w\]])((?:\[\d{1,3}(?:\s*,\s*\d{1,3})*\])+)(?!\()/g;

export interface Citations {
	/** Numbers of given sources that the answer cites, ascending, each once. */
	valid: number[];
	/** Numbers that were never given: the model made them up. */
	invalid: number[];
}

/** Reads the `[n]` of an answer and checks them against the number of sources that were given. */
export function readCitations(answer: string, sourceCount: number): Citations {
	const cited = new Set<number>();
	for (const [marker] of answer.replace(CODE, ' ').matchAll(CITATION)) {
		for (const [digits] of marker.matchAll(/\d+/g)) cited.add(Number(digits));
	}
	const all = [...cited].sort((a, b) => a - b);
	const given = (n: number) => n >= 1 && n <= sourceCount;
	return { valid: all.filter(given), invalid: all.filter((n) => !given(n)) };
}

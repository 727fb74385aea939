/** A heading above a passage. */
export interface Heading {
	/** Plain text, on one line. */
	text: string;
	/** Fragment that leads to it, without `#`; null when it has none. */
	anchor: string | null;
}

/** What stands under one heading, up to the next one. */
export interface Section {
	/** Headings above it, outermost first; empty before the first heading. */
	headings: readonly Heading[];
	/** Its content as Markdown, without the headings themselves. */
	text: string;
}

/** A document as every parser hands it over, whatever it was written in. */
export interface ParsedDocument {
	/** Title that the document gives itself; null when it gives none. */
	title: string | null;
	/** In reading order. */
	sections: Section[];
}

/** Collects sections in reading order; text added under the same headings as the text before it joins that section. */
export class Outline {
	readonly sections: Section[] = [];

	/** @param text Markdown; blank text still opens the section, so that a heading without content is known. */
	add(headings: readonly Heading[], text: string): void {
		const last = this.sections.at(-1);
		const trimmed = text.trim() && text.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
		if (last && sameHeadings(last.headings, headings)) {
			last.text = [last.text, trimmed].filter(Boolean).join('\n\n');
		} else {
			this.sections.push({ headings: [...headings], text: trimmed });
		}
	}
}

function sameHeadings(left: readonly Heading[], right: readonly Heading[]): boolean {
	return left.length === right.length && left.every((heading, depth) => heading === right[depth]);
}

import type { Nodes } from 'mdast';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { citationMarks } from '#lib/contract/citation.ts';
import { Breather } from '#lib/server/breather.ts';
import { markdownBlocks } from './markdown-blocks.ts';

const markdown = unified().use(remarkParse).use(remarkGfm);

export interface Citations {
	/** Numbers of given sources that the answer cites, ascending, each once. */
	valid: number[];
	/** Numbers that were never given: the model made them up. */
	invalid: number[];
}

/**
 * Reads the citations of an answer and checks them against the number of sources that were given. Only prose cites: a number
 * in brackets inside code, or as the text of a link, does not. A long answer is read in slices, between which others get their turn.
 */
export async function readCitations(answer: string, sourceCount: number): Promise<Citations> {
	const cited = new Set<number>();
	const breather = new Breather();
	for (const block of markdownBlocks(answer)) {
		if (citationMarks(block).length === 0) continue;
		for (const text of proseOf(markdown.parse(block), block)) {
			for (const { numbers } of citationMarks(text)) for (const number of numbers) cited.add(number);
		}
		await breather.breathe();
	}
	const all = [...cited].sort((a, b) => a - b);
	const given = (n: number) => n >= 1 && n <= sourceCount;
	return { valid: all.filter(given), invalid: all.filter((n) => !given(n)) };
}

/** The text outside code and links, run by run, as it was written. */
function* proseOf(node: Nodes, source: string): Generator<string> {
	const { start, end } = node.position ?? {};
	if (node.type === 'text') yield source.slice(start?.offset, end?.offset);
	// `[1]` with a definition of 1 further down, as some models write it.
	else if (node.type === 'linkReference') yield `[${node.label ?? ''}]`;
	else if (node.type === 'footnoteReference') yield `[^${node.label ?? node.identifier}]`;
	else if (node.type !== 'link' && node.type !== 'footnoteDefinition' && 'children' in node)
		for (const child of node.children) yield* proseOf(child, source);
}

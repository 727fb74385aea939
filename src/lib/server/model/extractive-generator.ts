import { setImmediate as nextTurn } from 'node:timers/promises';
import { NO_USAGE } from '#lib/contract/trace.ts';
import { throwIfCancelled } from '#lib/server/error.ts';
import type { GenerationContext, GenerationRequest, GenerationResult, Generator } from './generator.ts';
import type { Block } from './quote-block.ts';
import { chooseQuotes, type Quote } from './quote.ts';

const LEAD = 'From the documentation:';
const NOTHING = 'There is no passage to quote.';

/**
 * Answers without any model: quotes what in the given sources answers the question best, word for word and cited. It says
 * nothing of its own, uses no tokens, and gives the same answer to the same request.
 */
export class ExtractiveGenerator implements Generator {
	readonly model = 'extractive';
	readonly builtIn = true;

	async generate(
		{ question, sources }: GenerationRequest,
		{ signal, details, onText }: GenerationContext
	): Promise<GenerationResult> {
		throwIfCancelled(signal);
		const quotes = chooseQuotes(question, sources);
		details.n_quotes = quotes.length;
		for (const [piece] of writeAnswer(quotes).matchAll(/\S+\s*|\s+/g)) {
			onText(piece);
			// Other runs come in between; there is no other delay.
			await nextTurn();
			throwIfCancelled(signal);
		}
		return { finishReason: 'stop', usage: { ...NO_USAGE }, model: this.model };
	}
}

/** The answer as Markdown. */
export function writeAnswer(quotes: readonly Quote[]): string {
	if (quotes.length === 0) return NOTHING;
	return [LEAD, ...quotes.map(writeQuote)].join('\n\n');
}

/** The heading with the citation, then the quotation; code stands by itself, so that it can be copied. */
function writeQuote({ source, blocks }: Quote): string {
	const path = [source.title, ...source.heading_path].filter((part, at, all) => part && part !== all[at - 1]);
	const heading = escapeCitations(path.slice(-2).join(' › ').replaceAll('*', ''));
	const parts = [`**${heading}** [${source.n}]`];
	let prose: string[] = [];
	let isItem = false;
	/** Of the first item of the list: the others are indented relative to it. */
	let depth = 0;
	const closeProse = () => {
		if (prose.length > 0) parts.push(prose.join('\n'));
		prose = [];
	};
	for (const block of blocks) {
		if (block.kind === 'code') {
			closeProse();
			isItem = false;
			parts.push(block.text);
			continue;
		}
		const previous = prose.at(-1);
		const together = block.kind === 'item' && isItem;
		isItem = block.kind === 'item';
		if (previous && !together) prose.push('>');
		if (!together) depth = block.depth ?? 0;
		prose.push(writeProse(block, Math.max(0, (block.depth ?? 0) - depth)));
	}
	closeProse();
	return parts.join('\n\n');
}

function writeProse({ kind, text, marker }: Block, depth: number): string {
	const quoted = outsideCode(text, (prose) => escapeCitations(withoutDeadLinks(prose)));
	if (kind === 'table') return quoted.replace(/^/gm, '> ');
	return kind === 'item' ? `> ${'    '.repeat(depth)}${marker} ${quoted}` : `> ${quoted}`;
}

/** Pictures and links that lead nowhere outside their page: of a link the text stays. */
function withoutDeadLinks(markdown: string): string {
	return markdown
		.replace(/!\[[^\]]*\]\([^)]*\)/g, '')
		.replace(/\[([^\]]+)\]\((?!https?:)[^)]*\)(?:\{[^}]*\})?/g, '$1');
}

/** A number in brackets that the documentation itself has is no citation of ours. */
function escapeCitations(markdown: string): string {
	return markdown.replace(/\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()/g, '\\[$1\\]');
}

/** As CommonMark has it (6.1): code ends with as many backticks as it began with. */
const CODE_SPAN = /(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)/gs;

/** Inline code stays as it is. */
function outsideCode(markdown: string, change: (prose: string) => string): string {
	let changed = '';
	let from = 0;
	for (const { 0: code, index } of markdown.matchAll(CODE_SPAN)) {
		changed += change(markdown.slice(from, index)) + code;
		from = index + code.length;
	}
	return changed + change(markdown.slice(from));
}

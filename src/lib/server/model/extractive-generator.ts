import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Chunk } from '#lib/contract/chunk.ts';
import { NO_USAGE, QUOTING, type Evidence } from '#lib/contract/trace.ts';
import { Breather } from '#lib/server/breather.ts';
import { throwIfCancelled } from '#lib/server/error.ts';
import type { GenerationContext, GenerationRequest, GenerationResult, Generator } from './generator.ts';
import { chooseQuotes, type Quote } from './quote.ts';

const LEAD =
	'These are quotations from the documentation, because no model is connected. To connect one, set `OPENAI_BASE_URL` or ' +
	'`OPENAI_API_KEY`, and `CHAT_MODEL`.';
const THIN =
	'**The evidence is thin:** the documentation may not cover this question. What follows only comes nearest to its words.';
const NOTHING = 'There is no passage to quote.';

/**
 * Answers without any model: quotes the sections of the given sources that answer the question best, word for word and cited. It says
 * nothing of its own but that it does so, uses no tokens, and gives the same answer to the same request.
 */
export class ExtractiveGenerator implements Generator {
	readonly model = QUOTING;
	readonly builtIn = true;

	async generate(
		{ question, sources, evidence }: GenerationRequest,
		{ signal, details, onText }: GenerationContext
	): Promise<GenerationResult> {
		throwIfCancelled(signal);
		const quotes = await chooseQuotes(question, sources, new Breather(signal));
		throwIfCancelled(signal);
		details.n_quotes = quotes.length;
		for (const piece of piecesOf(writeAnswer(quotes, evidence))) {
			onText(piece);
			// Other runs come in between; there is no other delay.
			await nextTurn();
			throwIfCancelled(signal);
		}
		return { finishReason: 'stop', usage: { ...NO_USAGE }, model: this.model };
	}
}

/** The answer as Markdown: what it is, then each quotation under its heading with its citation. */
export function writeAnswer(quotes: readonly Quote[], evidence: Evidence = 'good'): string {
	if (quotes.length === 0) return NOTHING;
	return [
		...(evidence === 'thin' ? [THIN] : []),
		LEAD,
		...quotes.map(({ source, text }) => `**${headingOf(source)}** [${source.n}]\n\n${text}`)
	].join('\n\n');
}

/** Title and headings as Markdown that shows just that; of a long path the middle is left out. */
export function headingOf({ document, title, heading_path }: Chunk): string {
	const path = [title, ...heading_path].filter((part, at, all) => part && part !== all[at - 1]);
	if (path.length === 0) return asPlainText(document);
	const parts = path.length > 3 ? [path[0]!, '…', ...path.slice(-2)] : path;
	return asPlainText(parts.join(' › '));
}

/** Characters that would be markup: brackets only where they would make a citation or a link. */
const MARKUP =
	/[\\`*<~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|&(?=#?\w+;)|\[(?=\s*(?:\^|\p{L}+\s*)?\d[\d\s,;–-]*\]|[^\]]*\][([])/gu;

/** A heading as Markdown that shows just that. */
function asPlainText(heading: string): string {
	return heading.replace(/\s+/g, ' ').trim().replace(MARKUP, '\\$&');
}

/** A few words at a time; what has no blanks is cut between characters. */
function piecesOf(text: string): string[] {
	return text.match(/[^]{1,40}(?:\s|$)|[^]{1,40}/gu) ?? [];
}

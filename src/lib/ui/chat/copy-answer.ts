import type { Done } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { EVIDENCE_LABELS, EVIDENCE_MEANINGS } from '#lib/ui/format/judgement.ts';
import { exportLine, exportMarkdown } from '#lib/ui/markdown/export-markdown.ts';
import { headingTrail, sourceAddress, sourceHosts } from '#lib/ui/passage/source-label.ts';

/** What is copied of a turn. */
export interface CopiedAnswer {
	answer: string;
	sources: readonly Source[];
	citations: readonly number[];
	done: Pick<Done, 'evidence'> | null;
}

/**
 * The answer as Markdown, with a numbered list of the sources that it cites (of all, if it cites none). As harmless as on
 * the page, wherever it is pasted: what was hidden in the answer is written out here too.
 */
export function answerAsMarkdown({ answer, sources, citations, done }: CopiedAnswer): string {
	const listed = citations.length > 0 ? sources.filter(({ n }) => citations.includes(n)) : sources;
	const doubt = done?.evidence === 'thin' ? `_${EVIDENCE_LABELS.thin}. ${EVIDENCE_MEANINGS.thin}_\n\n` : '';
	const text = doubt + exportMarkdown(answer, sourceHosts(sources));
	if (listed.length === 0) return text;
	const lines = listed.map((source) => {
		const name = exportLine(`${headingTrail(source).join(' › ')} (${source.library})`);
		return `- [${source.n}] ${name}: ${sourceAddress(source) ?? exportLine(source.document)}`;
	});
	return `${text}\n\nSources:\n\n${lines.join('\n')}\n`;
}

/** Puts a text on the clipboard; tells whether it got there. */
export async function copyText(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copyBySelection(text);
	}
}

/** On pages that are neither secure nor local, browsers have no other way. */
function copyBySelection(text: string): boolean {
	const field = document.createElement('textarea');
	field.value = text;
	field.style.position = 'fixed';
	field.style.opacity = '0';
	document.body.append(field);
	field.select();
	const copied = document.execCommand('copy');
	field.remove();
	return copied;
}

import type { SupportSpan } from '#lib/contract/trace.ts';
import { SUPPORT_MEANINGS } from '#lib/ui/format/judgement.ts';
import type { TextMark } from '#lib/ui/markdown/text-marks.ts';

/** The sentences of an answer that their sources hardly bear out, as marks; the others are left as they are. */
export function supportMarks(support: readonly SupportSpan[]): TextMark[] {
	return support.flatMap(({ start, end, level }) =>
		level === 'weak' || level === 'none' ? [{ start, end, kind: level, note: SUPPORT_MEANINGS[level] }] : []
	);
}

/** The sentence of an answer that a citation at this offset belongs to; null when none was judged there. */
export function sentenceAt(answer: string, support: readonly SupportSpan[], offset: number): string | null {
	const span = support.find(({ start, end }) => start <= offset && offset <= end);
	return span ? answer.slice(span.start, span.end) : null;
}

import { rawTokens, termsOf } from './analyze.ts';

/** A part of a question that is searched by itself. */
export interface QuestionPart {
	kind: 'sentence' | 'error' | 'code' | 'identifiers' | 'side';
	text: string;
}

/** More parts would each bring little; a long thread repeats itself. */
const MAX_PARTS = 8;
/** A part with fewer terms says nothing by itself. */
const MIN_TERMS = 2;
/** Characters of a part that are read: the rest of a pasted log repeats what is there. */
const MAX_CHARACTERS = 600;

const FENCE = /```[^\n]*\n([\s\S]*?)(?:```|$)/g;
/** Where a line ends, and where a sentence does. */
const LINE_END = /\n+/;
const SENTENCE_END = /(?<=[.?!])\s+|(?<=[。？！])/u;
/** `ValueError: …`, `Uncaught TypeError: …`, `error TS2304: …`, `npm ERR! …`: the line of a pasted log that says what went wrong. */
const ERROR_LINE =
	/^\s*(?:uncaught\s+)?(?:[\w.$]*(?:Error|Exception|Warning)\b\s*(?::|\[|$)|(?:fatal\s+)?error\b[\s:[]|npm err!|panic:)/i;
/** Lines of a traceback that only say where. */
const STACK_LINE = /^\s*(?:File ".*", line \d+|at\s+\S+.*[:(]\d+|Traceback \(most recent|\^+\s*$)/;
const NAME = /[a-z][A-Z]|[A-Z]{2}[a-z]|_|\.[A-Za-z]|^--/;
/** `difference between A and B`, `A vs B`. */
const COMPARISON = /\bdifferences?[ \t]+between[ \t]+(.+?)[ \t]+and[ \t]+(.+?)(?:[?.!,;\n]|$)/i;
const VERSUS = /([\w.@/-]+(?:[ \t]+[\w.@/-]+)?)[ \t]+(?:vs\.?|versus)[ \t]+([\w.@/-]+(?:[ \t]+[\w.@/-]+)?)/i;

/**
 * The parts of a long question, each of which may ask for something of its own: its sentences, the line of an error, code, the names out of
 * code, and the sides of a comparison. Empty for a question that is one part.
 */
export function questionParts(question: string): QuestionPart[] {
	const parts: QuestionPart[] = [];
	const add = (kind: QuestionPart['kind'], text: string) => {
		const part = text.trim().slice(0, MAX_CHARACTERS);
		if (countTerms(part) >= MIN_TERMS && !parts.some((other) => other.text === part))
			parts.push({ kind, text: part });
	};
	const prose = question.replace(FENCE, (_, code: string) => {
		add('code', code);
		return '\n';
	});
	const sentences: string[] = [];
	for (const line of prose.split(LINE_END)) {
		if (STACK_LINE.test(line)) continue;
		// A line of a log is one part; an error may also be told in the middle of a line.
		if (ERROR_LINE.test(line)) add('error', line);
		else {
			for (const sentence of line.split(SENTENCE_END)) {
				if (ERROR_LINE.test(sentence)) add('error', sentence);
				else sentences.push(sentence);
			}
		}
	}
	for (const sentence of sentences) add('sentence', sentence);
	const [, first, second] = COMPARISON.exec(prose) ?? VERSUS.exec(prose) ?? [];
	if (first && second) for (const side of [first, second]) addSide(side);
	const names = [...new Set(rawTokens(question).filter((raw) => NAME.test(raw)))];
	add('identifiers', names.join(' '));
	// A question of one sentence is searched whole already.
	return parts.length > 1 || parts[0]?.kind === 'side' ? byWorth(parts).slice(0, MAX_PARTS) : [];

	/** A side may be one word: it is what is asked about. */
	function addSide(text: string): void {
		if (countTerms(text) > 0) parts.push({ kind: 'side', text: text.trim() });
	}
}

/** What says most first; sentences in their order. */
function byWorth(parts: readonly QuestionPart[]): QuestionPart[] {
	const order: QuestionPart['kind'][] = ['error', 'side', 'identifiers', 'sentence', 'code'];
	return parts.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function countTerms(text: string): number {
	return new Set(rawTokens(text).flatMap((raw) => termsOf(raw).slice(0, 1))).size;
}

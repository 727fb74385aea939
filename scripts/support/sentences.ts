import type { Source } from '#lib/contract/chunk.ts';
import { supportTerms } from '#lib/contract/support-words.ts';
import { randomNumbers } from '#lib/server/evaluation/random-numbers.ts';
import { shuffle } from '../training/random.ts';

/** A kind of sentence: true, or altered in one way. */
export const KINDS = ['true', 'number', 'flag', 'name', 'other library', 'negation'] as const;
export type Kind = (typeof KINDS)[number];

/** A sentence that cites source 1, and the sources. */
export interface Example {
	kind: Kind;
	answer: string;
	sources: Source[];
}

const SENTENCE = /(?<=^|[.!?]\s|\n)[\p{Lu}`][^.!?\n|]*(?:\.(?=\S)[^.!?\n|]*)*[.!?](?=\s|$)/gu;
const NUMBER = /(?<![\p{L}\p{N}._-])\d+(?:\.\d+)?(?![\p{L}\p{N}_]|\.\d)/gu;
const FLAG = /(?<![\p{L}\p{N}-])--[a-z][a-z0-9-]+/gu;

/** What sentences are altered with: flags and names out of a whole corpus. */
interface Stock {
	flags: string[];
	names: string[];
	sentences: { library: string; text: string }[];
}

/**
 * Sentences of documentation, worded a little otherwise, and the same altered in one way each; the same for the same seed.
 * @param passages by library
 * @param count of true ones, and of altered ones; those with a negation are beside.
 */
export function makeExamples(
	passages: ReadonlyMap<string, readonly Source[]>,
	{ count, seed }: { count: number; seed: number }
): Example[] {
	const all = [...passages.values()].flat();
	const stock = stockOf(all);
	const random = randomNumbers(seed);
	const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
	const made = new Map<Kind, Example[]>(KINDS.map((kind) => [kind, []]));
	const wanted = new Map<Kind, number>(KINDS.map((kind) => [kind, kind === 'true' ? count : count / 4]));
	for (const source of shuffle(all, seed)) {
		const sentence = shuffle(sentencesOf(source.text), seed)[0];
		if (!sentence) continue;
		const siblings = passages.get(source.library)!;
		const sources = [source, ...Array.from({ length: 4 }, () => pick(siblings))].map((each, at) => ({
			...each,
			n: at + 1
		}));
		const worded = reword(sentence, random);
		// One kind a sentence, of those that there are too few of, the rarest first.
		for (const kind of ['flag', 'number', 'name', 'true', 'other library', 'negation'] as const) {
			if (made.get(kind)!.length >= wanted.get(kind)!) continue;
			const altered = kind === 'true' ? worded : alter(kind, worded, source, { stock, pick });
			if (altered === null) continue;
			made.get(kind)!.push({ kind, sources, answer: `${altered.replace(/[.!?]$/, '')} [1].` });
			break;
		}
		if (KINDS.every((each) => made.get(each)!.length >= wanted.get(each)!)) break;
	}
	return [...made.values()].flat();
}

function alter(
	kind: Exclude<Kind, 'true'>,
	sentence: string,
	source: Source,
	{ stock, pick }: { stock: Stock; pick: <T>(items: readonly T[]) => T }
): string | null {
	const replaceOne = (found: readonly string[], by: (old: string) => string) => {
		if (found.length === 0) return null;
		const old = pick(found);
		const altered = by(old);
		return altered === old ? null : sentence.replace(old, () => altered);
	};
	switch (kind) {
		case 'number':
			return replaceOne(sentence.match(NUMBER) ?? [], (old) =>
				String(Number(old) * pick([2, 3, 10]) + pick([1, 2, 5]))
			);
		case 'flag':
			return replaceOne(sentence.match(FLAG) ?? [], () => pick(stock.flags));
		case 'name':
			return replaceOne(namesIn(sentence), () => pick(stock.names));
		case 'other library': {
			const other = pick(stock.sentences);
			return other.library === source.library ? null : other.text;
		}
		case 'negation':
			return / (?:is|are|can|will|must|should|does|do) /.test(sentence) && !/\bnot\b|n't\b/.test(sentence)
				? sentence.replace(/ (is|are|can|will|must|should|does|do) /, ' $1 not ')
				: null;
	}
}

/** Other words for the same: clauses dropped or moved, common words changed, endings changed. */
function reword(sentence: string, random: () => number): string {
	let worded = sentence;
	const rules: ((text: string) => string)[] = [
		(text) =>
			text.replace(
				/^(If|When|Once|After|Before) ([^,]{10,60}), (.{15,})[.]$/,
				(_all, word: string, first: string, rest: string) =>
					`${rest[0]!.toUpperCase()}${rest.slice(1)} ${word.toLowerCase()} ${first}.`
			),
		(text) => text.replace(/^(.{40,}?)(?:, (?:which|so|because|and|but) [^,]{10,})[.]$/, '$1.'),
		(text) => text.replace(/ \([^()]{3,60}\)/, ''),
		(text) =>
			text
				.replace(/\byou can\b/i, 'it is possible to')
				.replace(/\bmust\b/, 'has to')
				.replace(/\bmay\b/, 'can')
				.replace(/\ballows you to\b/, 'lets you'),
		(text) =>
			text
				.replace(/\b(\p{Ll}{4,})s\b(?= (?:are|is|of|in|to|that))/u, '$1')
				.replace(/\bthe (\p{Ll}{4,}[^s\s])(?= )/u, 'the $1s'),
		(text) => text.replace(/\b(?:simply|just|also|usually|typically|really|very) /, '')
	];
	for (const rule of rules) if (random() < 0.6) worded = rule(worded);
	return worded;
}

/** Whole sentences of prose that say something. */
function sentencesOf(text: string): string[] {
	const prose = text.replace(/^(`{3,})[^]*?^\1/gm, '').replace(/^\s*(?:[-*+]|\d+\.|>|#+|\|).*$/gm, '');
	return (prose.match(SENTENCE) ?? []).filter((sentence) => {
		const words = sentence.split(/\s+/).length;
		return words >= 8 && words <= 40 && supportTerms(sentence).length >= 5 && !/\]\(|\[\d/.test(sentence);
	});
}

function namesIn(sentence: string): string[] {
	return sentence.match(/`[^`\s]{3,40}`/g) ?? [];
}

function stockOf(all: readonly Source[]): Stock {
	const flags = new Set<string>();
	const names = new Set<string>();
	const sentences: Stock['sentences'] = [];
	for (const { text, library } of all) {
		for (const flag of text.match(FLAG) ?? []) flags.add(flag);
		for (const name of namesIn(text)) names.add(name);
		for (const sentence of sentencesOf(text).slice(0, 1)) sentences.push({ library, text: sentence });
	}
	return { flags: [...flags], names: [...names], sentences };
}

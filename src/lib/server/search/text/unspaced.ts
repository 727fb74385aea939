import { stopwords as japanese } from '@orama/stopwords/japanese';
import { stopwords as mandarin } from '@orama/stopwords/mandarin';
import { moreStopWords } from './stop-word-lists.ts';

/** Words of the Chinese list that documentation is about. */
const SUBJECTS = new Set('上下 全部 分别 对比 开始 替代 本地 结果 自身 通过'.split(' '));
const ideographicStopWords: ReadonlySet<string> = new Set(
	[...mandarin, ...japanese].filter((word) => !SUBJECTS.has(word))
);
const thaiStopWords: ReadonlySet<string> = new Set(moreStopWords.thai.split(' '));

const ideographic = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u;
const southEastAsian = /[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const han = /^\p{sc=Han}$/u;
const katakana = /^\p{scx=Katakana}+$/u;
const hiraganaOnly = /^\p{sc=Hiragana}+$/u;
/** Two words side by side that may be one in another place; longer ones are clauses. */
const LONGEST_COMPOUND = 16;
/** Katakana words of so many letters are written with and without a last long vowel: サーバー, サーバ. */
const LEAST_LONG_VOWEL = 3;

/** Which words there are is known to the dictionaries of the runtime; the language makes no difference to them. */
const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });

/** A word of a run of characters without spaces, with the terms that it stands for. */
export interface UnspacedWord {
	word: string;
	terms: string[];
}

/** Whether a raw token is of a script without spaces between words. */
export function isUnspaced(token: string): boolean {
	return ideographic.test(token) || southEastAsian.test(token);
}

/**
 * The words of a raw token without spaces. Chinese and Japanese: each word, and each pair of characters, because two runs may be divided in
 * two ways. Thai and its neighbours: each word, and each two words as one.
 * @param dropsStopWords leaves out all that stands at words that say nothing, unless there are no others: for questions. A text keeps the pairs
 * that they make with their neighbours, since what divides it may be wrong.
 */
export function unspacedWords(token: string, dropsStopWords: boolean): UnspacedWord[] {
	const words = Array.from(segmenter.segment(token), ({ segment }) => segment);
	const isIdeographic = ideographic.test(token);
	const stopWords = isIdeographic ? ideographicStopWords : thaiStopWords;
	const isKept = words.map((word) => !stopWords.has(word));
	const dropsAny = dropsStopWords && isKept.includes(true);
	return words.flatMap((word, at) => {
		if (dropsAny && !isKept[at]) return [];
		const next = dropsAny && !isKept[at + 1] ? undefined : words[at + 1];
		const terms = isIdeographic
			? ideographicTerms(word, isKept[at]!, next)
			: [...(isKept[at] ? [word] : []), ...compound(word, next)];
		return terms.length > 0 ? [{ word, terms }] : [];
	});
}

function ideographicTerms(word: string, isKept: boolean, next: string | undefined): string[] {
	const characters = [...word];
	const whole = katakana.test(word) && characters.length >= LEAST_LONG_VOWEL ? word.replace(/ー$/, '') : word;
	// A single letter of Japanese is a particle or an ending.
	const terms = isKept && (characters.length > 1 || han.test(word)) ? [whole] : [];
	if (hiraganaOnly.test(word)) return terms;
	const ahead = next === undefined ? [] : [[...next][0]!];
	const along = [...characters, ...ahead];
	for (let at = 0; at + 1 < along.length; at += 1) {
		const [one, other] = [along[at]!, along[at + 1]!];
		const isPair = (han.test(one) && han.test(other)) || (katakana.test(one) && katakana.test(other));
		if (isPair && one + other !== whole) terms.push(one + other);
	}
	return terms;
}

function compound(word: string, next: string | undefined): string[] {
	return next !== undefined && word.length + next.length <= LONGEST_COMPOUND ? [word + next] : [];
}

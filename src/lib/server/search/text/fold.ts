const mark = /\p{M}/gu;
/** Latin letters that Unicode does not take apart into a base letter and a mark. */
const undivided: Readonly<Record<string, string>> = {
	ß: 'ss',
	æ: 'ae',
	œ: 'oe',
	ø: 'o',
	ł: 'l',
	đ: 'd',
	ð: 'd',
	þ: 'th',
	ħ: 'h',
	ı: 'i'
};
const undividedLetter = new RegExp(`[${Object.keys(undivided).join('')}]`, 'g');

/** Lower case without marks, in letters from a to z where there are such: `Größe` → `grosse`, `Çağrı` → `cagri`. */
export function foldLatin(word: string): string {
	return withoutMarks(word.toLowerCase()).replace(undividedLetter, (letter) => undivided[letter]!);
}

/** Letters without accents, points and vowel signs that may be left out. */
export function withoutMarks(word: string): string {
	return word.normalize('NFKD').replace(mark, '');
}

import { moreStopWords } from './stop-word-lists.ts';

const stopWords: ReadonlySet<string> = new Set(moreStopWords.korean.split(' '));

const SYLLABLES = 0xac00;
/** Syllables that differ in their last consonant only, the first of them without one. */
const FINALS = 28;
const RIEUL = 8;

/** Particles behind a noun, by what the noun has to end in for them; one that is given to none cannot be told from a part of a word. */
const PARTICLES = {
	consonant:
		'은 이 을 과 으로 으로는 으로서 으로써 으로부터 이나 이며 이든 이든지 이라 이라는 이라고 이란 이라도 이라면 이야',
	vowel: '는 가 를 와 나 며 든 든지 라 라는 라고 란 라도 라면 로서 로써 로부터',
	vowelOrRieul: '로 로는 로도',
	any:
		'의 에 에서 에서는 에서도 에서의 에게 에게서 에게는 에는 에도 에만 에의 에까지 께 께서 한테 도 만 만이 만을 까지 까지는 까지의 부터 부터는 처럼 보다 보다는 마다 밖에 조차 마저 ' +
		'뿐 대로 같은 같이 과는 와는 과의 와의 들 들은 들이 들을 들의 들에 들과 들도 하고'
};
type Place = keyof typeof PARTICLES;
const particles: ReadonlyMap<string, Place> = new Map(
	Object.entries(PARTICLES).flatMap(([place, words]) =>
		words.split(' ').map((word) => [word, place as Place] as const)
	)
);
const LONGEST_PARTICLE = 4;

/** A noun with the verb to do, become or make, in any of its forms: what is done is the noun. */
const doing =
	/^(.{2,}?)(?:하|되|시키|할|될|시킬|한|된|시킨|함|됨|합니|됩니|시킵니|했|됐|시켰|해|돼|시켜|하여|되어)[가-힣]*$/u;
/** Endings of other verbs and adjectives. */
const ending =
	/^(.+?)(?:습니다|습니까|십시오|으십시오|으세요|세요|으려면|려면|나요|는다|는지|은지|지만|는데|도록|어서|아서|어야|아야|어요|아요|으면|면서|으며|으니|거나|면|고|는|지|기|을)$/u;

/**
 * Terms of a word in Hangul: whole, without its particle or ending, and the pairs of syllables of what is left, because compounds are written
 * with and without spaces. None for a particle by itself, as it is left behind a name in Latin letters.
 */
export function koreanForms(word: string): string[] {
	if (stopWords.has(word) || particles.has(word)) return [];
	const bare = withoutParticle(word);
	if (stopWords.has(bare)) return [];
	const noun = doing.exec(bare)?.[1] ?? doing.exec(word)?.[1];
	const stem = noun ?? (bare === word ? (ending.exec(word)?.[1] ?? word) : bare);
	const syllables = [...stem];
	const pairs =
		syllables.length > 2 ? syllables.slice(1).map((syllable, at) => syllables[at]! + syllable) : [];
	return [word, stem, ...pairs];
}

function withoutParticle(word: string): string {
	for (let length = Math.min(LONGEST_PARTICLE, word.length - 1); length > 0; length -= 1) {
		const place = particles.get(word.slice(-length));
		const noun = word.slice(0, -length);
		if (place && isPlaced(place, noun)) return noun;
	}
	return word;
}

function isPlaced(place: Place, noun: string): boolean {
	if (place === 'any') return true;
	const final = (noun.charCodeAt(noun.length - 1) - SYLLABLES) % FINALS;
	if (place === 'consonant') return final !== 0;
	return final === 0 || (place === 'vowelOrRieul' && final === RIEUL);
}

import { stemmer } from 'stemmer';

const STOP_WORDS = new Set(
	`a about all also am an and any are as at be been being between but by can could did do does doing for from get gets got
	had has have having how i if in into is it its just like make me my need no not of on one or our out please should so
	some such than that the their them then there these they this those to up use used using want was way we were what
	when where which who why will with would you your`.split(/\s+/)
);

/**
 * The words of a text as they are compared: stemmed, without stop words, each once. An identifier
 * (`response_model`, `asyncio.gather`, `HTTPException`) counts whole and by its parts.
 */
export function termsOf(text: string): Set<string> {
	const terms = new Set<string>();
	for (const [word] of text.matchAll(/[\p{L}\p{N}_]+(?:[.-][\p{L}\p{N}_]+)*/gu)) {
		const whole = word.toLowerCase();
		const parts = word
			.split(/[_.-]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u)
			.map((part) => part.toLowerCase())
			.filter((part) => part && !STOP_WORDS.has(part));
		if (parts.length > 1) terms.add(whole);
		for (const part of parts) terms.add(stemmer(part));
	}
	return terms;
}

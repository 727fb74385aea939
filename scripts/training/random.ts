import { randomNumbers } from '#lib/server/evaluation/random-numbers.ts';

/** A shuffled copy; the same for the same seed. Order by Fisher and Yates. */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
	const shuffled = [...items];
	const random = randomNumbers(seed);
	for (let at = shuffled.length - 1; at > 0; at -= 1) {
		const other = Math.floor(random() * (at + 1));
		[shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
	}
	return shuffled;
}

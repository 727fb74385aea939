import { randomNumbers } from './random-numbers.ts';

/** Where the figure over all questions of this kind lies, with a confidence of 95 %. */
export interface Interval {
	low: number;
	high: number;
}

/** How the intervals of means are made, for the report. */
export const INTERVAL_METHOD = {
	confidence: 0.95,
	method: 'percentile bootstrap over questions',
	resamples: 2000,
	seed: 1
} as const;

/** 97.5 % quantile of the normal distribution: 95 % lie within so many standard deviations on either side. */
const NORMAL_QUANTILE = 1.959_963_984_540_054;

/**
 * Interval of the mean of one value a question: means of the questions drawn again with replacement, as many as there are, and of those the
 * middle 95 %. It takes the questions for a random sample of all that could be asked, and knows nothing of other causes of doubt. The same
 * for the same values in the same order. Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
 * @returns null for fewer than two values, from which no spread can be seen
 */
export function meanInterval(values: readonly number[]): Interval | null {
	if (values.length < 2) return null;
	const { resamples, seed, confidence } = INTERVAL_METHOD;
	const random = randomNumbers(seed);
	const means = new Float64Array(resamples);
	for (let at = 0; at < resamples; at += 1) {
		let sum = 0;
		for (let drawn = 0; drawn < values.length; drawn += 1) {
			sum += values[Math.floor(random() * values.length)]!;
		}
		means[at] = sum / values.length;
	}
	means.sort();
	const beyond = Math.round((resamples * (1 - confidence)) / 2);
	return { low: means[beyond - 1]!, high: means[resamples - beyond]! };
}

/**
 * Interval of a share such as refusals: Wilson's, which also holds for few questions and for none or all of them. Source: Wilson, "Probable
 * Inference, the Law of Succession, and Statistical Inference", JASA 1927.
 * @returns null when there are no questions
 */
export function shareInterval(count: number, total: number): Interval | null {
	if (total === 0) return null;
	const share = count / total;
	const square = NORMAL_QUANTILE ** 2;
	const middle = (share + square / (2 * total)) / (1 + square / total);
	const half =
		(NORMAL_QUANTILE * Math.sqrt((share * (1 - share)) / total + square / (4 * total ** 2))) /
		(1 + square / total);
	// Exactly, where rounding would leave a hair.
	return { low: count === 0 ? 0 : middle - half, high: count === total ? 1 : middle + half };
}

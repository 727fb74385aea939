/** A question with its evidence, and whether the documentation answers it. */
export interface GateExample {
	question: string;
	evidence: Readonly<Record<string, number>>;
	isAnswerable: boolean;
	/** Counts so much in learning. */
	weight: number;
}

export interface LogisticModel {
	bias: number;
	weights: Record<string, number>;
}

const STEPS = 4000;
const RATE = 0.02;
const MOMENTUM = 0.9;
const SPREAD = 0.999;

/**
 * Logistic regression with an L2 penalty on the weights of standardised evidence, given for the evidence as it is. Each weight keeps the
 * given sign, so that more evidence never speaks against an answer; one that would want the other is 0. Deterministic. Source: Kingma, Ba,
 * "Adam", ICLR 2015, with a projection onto the signs after each step.
 * @param signs 1 for evidence that speaks for an answer, -1 against.
 */
export function learnLogistic(
	examples: readonly GateExample[],
	signs: Readonly<Record<string, 1 | -1>>,
	l2: number
): LogisticModel {
	const names = Object.keys(signs);
	const columns = names.map((name) => standardised(examples.map(({ evidence }) => evidence[name] ?? 0)));
	const total = examples.reduce((sum, { weight }) => sum + weight, 0);
	const values = new Float64Array(names.length + 1);
	const mean = new Float64Array(values.length);
	const square = new Float64Array(values.length);
	for (let step = 1; step <= STEPS; step += 1) {
		const gradient = new Float64Array(values.length);
		examples.forEach(({ isAnswerable, weight }, row) => {
			let score = values[names.length]!;
			columns.forEach((column, at) => (score += values[at]! * column.values[row]!));
			const error = (weight * (1 / (1 + Math.exp(-score)) - (isAnswerable ? 1 : 0))) / total;
			columns.forEach((column, at) => (gradient[at]! += error * column.values[row]!));
			gradient[names.length]! += error;
		});
		for (let at = 0; at < values.length; at += 1) {
			const slope = gradient[at]! + (at < names.length ? (l2 * values[at]!) / total : 0);
			mean[at] = MOMENTUM * mean[at]! + (1 - MOMENTUM) * slope;
			square[at] = SPREAD * square[at]! + (1 - SPREAD) * slope * slope;
			const move =
				mean[at]! / (1 - MOMENTUM ** step) / (Math.sqrt(square[at]! / (1 - SPREAD ** step)) + 1e-8);
			values[at]! -= RATE * move;
			if (at < names.length) values[at] = signs[names[at]!]! * Math.max(0, signs[names[at]!]! * values[at]!);
		}
	}
	const weights = names.map((name, at): [string, number] => [name, values[at]! / columns[at]!.deviation]);
	const bias = columns.reduce(
		(sum, { average, deviation }, at) => sum - (values[at]! * average) / deviation,
		values[names.length]!
	);
	return { bias, weights: Object.fromEntries(weights) };
}

function standardised(values: readonly number[]) {
	const average = values.reduce((sum, value) => sum + value, 0) / values.length;
	const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
	const deviation = Math.sqrt(variance) || 1;
	return { average, deviation, values: values.map((value) => (value - average) / deviation) };
}

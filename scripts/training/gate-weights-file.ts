import type { LogisticModel } from './logistic.ts';

/** Source of the weights file of the evidence gate. */
export function gateWeightsFile({ bias, weights }: LogisticModel): string {
	const entries = Object.entries(weights).map(
		([name, weight]) => `\t\t${name}: ${Number(weight.toFixed(2))}`
	);
	return `${head}export const gateWeights = {\n\tbias: ${Number(bias.toFixed(2))},\n\tweights: {\n${entries.join(',\n')}\n\t}\n} as const;\n`;
}

const head = `/**
 * Weights of the evidence gate by name of the evidence, and its bias: their sum is the log-odds, moved so that few answerable questions are
 * refused, that what is indexed answers a question. Learnt by logistic regression; no weight has the sign that would make more evidence
 * speak against an answer. Written by \`npm run train:gate\`.
 */
`;

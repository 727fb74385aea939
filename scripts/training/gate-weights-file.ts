import type { GateModel } from './gate-validation.ts';

/** Source of the weights file of the evidence gate. */
export function gateWeightsFile({ bias, thin, weights }: GateModel): string {
	const thresholds = `{ all: ${Number(thin.all.toFixed(2))}, library: ${Number(thin.library.toFixed(2))} }`;
	const entries = Object.entries(weights).map(
		([name, weight]) => `\t\t${name}: ${Number(weight.toFixed(2))}`
	);
	return `${head}export const gateWeights = {\n\tbias: ${Number(bias.toFixed(2))},\n\tthin: ${thresholds},\n\tweights: {\n${entries.join(',\n')}\n\t}\n} as const;\n`;
}

const head = `/**
 * Weights of the evidence gate by name of the evidence. Their sum with the bias is the log-odds that what is indexed answers a question, moved
 * so that a question is refused below 0; from there to \`thin\` the evidence is weak, in a search over all libraries or within one. Learnt by
 * logistic regression; no weight has the sign that would make more evidence speak against an answer. Written by \`npm run train:gate\`.
 */
`;

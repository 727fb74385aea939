import { EVIDENCE_PARTS } from './parts.ts';
import type { Weights } from './learn.ts';

/** Source of the weights file: weights of two decimals in their parts, the heaviest first; those that came out as nothing are left out. */
export function weightsFile(weights: Weights): string {
	const parts = Object.entries(EVIDENCE_PARTS).map(([part, names]) => {
		const lines = names
			.map((name): [string, string] => [name, (weights.get(name) ?? 0).toFixed(2)])
			.filter(([, weight]) => Number(weight) !== 0)
			.sort(([, a], [, b]) => Math.abs(Number(b)) - Math.abs(Number(a)))
			.map(([name, weight]) => `\t${name}: ${Number(weight)}`);
		return lines.length > 0
			? [`\t/** ${titles[part as keyof typeof EVIDENCE_PARTS]} */`, lines.join(',\n')]
			: [];
	});
	const entries = parts.filter((part) => part.length > 0).map((part) => part.join('\n'));
	return `${head}export const featureWeights: Readonly<Record<string, number>> = {\n${entries.join(',\n')}\n};\n`;
}

const titles: Record<keyof typeof EVIDENCE_PARTS, string> = {
	passage: 'The passage itself.',
	parts: 'The passage, for what the question opens with and for the part of it that it answers best.',
	document: 'The page as a whole.',
	neighbours: 'What stands beside it.',
	headings: 'What it is called.',
	position: 'Where it is: overviews come first on a page.',
	vectors: 'How close the meaning of the passage is, of its page and of what stands beside it.',
	library: 'Which library it belongs to, when all are searched.'
};

const head = `/**
 * Weights of the built-in reranker by name of the evidence, for values that were scaled to mean 0 and standard deviation 1 among the
 * candidates of a question. Learnt on real questions: passages that state the facts of a right answer should come first. Written by
 * \`npm run train\`.
 */
`;

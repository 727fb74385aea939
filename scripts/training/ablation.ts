import { byScope, crossValidate, measureOrder, type CrossValidation } from './cross-validate.ts';
import type { TrainingExample } from './example.ts';
import type { LearnSettings } from './learn.ts';
import { EVIDENCE_PARTS, LEARNT_EVIDENCE } from './parts.ts';
import type { MeasuredRow } from './report.ts';

/** Retrieval built up part by part: the lists of the searches as they are, then what the reranker may look at. */
export function buildUp(
	examples: readonly TrainingExample[],
	settings: LearnSettings,
	validation: CrossValidation
): MeasuredRow[] {
	const list = (name: string, stage: keyof TrainingExample['orders']): MeasuredRow => ({
		name,
		figures: [
			byScope(new Map(examples.map((example) => [example, measureOrder(example, example.orders[stage])])))
		]
	});
	const rows = [
		list('text search alone', 'bm25'),
		list('vector search alone', 'semantic'),
		list('both, fused', 'fusion')
	];
	const names: string[] = [];
	for (const [part, own] of Object.entries(EVIDENCE_PARTS)) {
		names.push(...own);
		const figures = crossValidate(examples, names, settings, validation);
		rows.push({ name: names.length === own.length ? `reranker: ${part}` : `+ ${part}`, figures });
	}
	return rows;
}

/** The reranker without each part of its evidence, and without each single piece of parts that have several. */
export function leaveOut(
	examples: readonly TrainingExample[],
	settings: LearnSettings,
	validation: CrossValidation
): MeasuredRow[] {
	const without = (name: string, left: readonly string[]): MeasuredRow => ({
		name,
		figures: crossValidate(
			examples,
			LEARNT_EVIDENCE.filter((each) => !left.includes(each)),
			settings,
			validation
		)
	});
	return [
		without('all evidence', []),
		...Object.entries(EVIDENCE_PARTS).map(([part, names]) => without(`without ${part}`, names)),
		...Object.values(EVIDENCE_PARTS)
			.filter((names) => names.length > 1)
			.flat()
			.map((name) => without(`without ${name}`, [name]))
	];
}

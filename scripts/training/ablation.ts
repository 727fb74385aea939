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
		{
			name: 'without the embedder, candidates by text alone',
			figures: crossValidate(
				examples.map((example) => onlyFoundBy(example, 'bm25')),
				LEARNT_EVIDENCE.filter((name) => !EVIDENCE_PARTS.vectors.some((own) => own === name)),
				settings,
				validation
			)
		},
		...Object.entries(EVIDENCE_PARTS).map(([part, names]) => without(`without ${part}`, names)),
		...Object.values(EVIDENCE_PARTS)
			.filter((names) => names.length > 1)
			.flat()
			.map((name) => without(`without ${name}`, [name]))
	];
}

/** The example with those candidates alone that one search found. */
function onlyFoundBy(example: TrainingExample, stage: keyof TrainingExample['orders']): TrainingExample {
	const kept = example.orders[stage].toSorted();
	const places = new Map(Array.from(kept, (candidate, at) => [candidate, at]));
	const order = (candidates: Uint32Array) =>
		Uint32Array.from([...candidates].map((each) => places.get(each)).filter((place) => place !== undefined));
	return {
		...example,
		evidence: new Map(
			[...example.evidence].map(([name, values]) => [name, Float64Array.from(kept, (at) => values[at]!)])
		),
		documentOf: Uint32Array.from(kept, (at) => example.documentOf[at]!),
		orders: {
			bm25: order(example.orders.bm25),
			semantic: order(example.orders.semantic),
			fusion: order(example.orders.fusion)
		}
	};
}

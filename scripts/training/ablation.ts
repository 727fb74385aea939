import { crossValidate } from './cross-validate.ts';
import type { TrainingExample } from './example.ts';
import type { LearnSettings } from './learn.ts';
import { EVIDENCE_PARTS, LEARNT_EVIDENCE } from './parts.ts';
import type { MeasuredRow } from './report.ts';

/** The reranker without each part of its evidence, by library left out. */
export function leaveOut(examples: readonly TrainingExample[], settings: LearnSettings): MeasuredRow[] {
	const without = (name: string, left: readonly string[]): MeasuredRow => ({
		name,
		figures: crossValidate(
			examples,
			LEARNT_EVIDENCE.filter((each) => !left.includes(each)),
			settings
		)
	});
	return [
		without('all evidence', []),
		...Object.entries(EVIDENCE_PARTS).map(([part, names]) => without(`without ${part}`, names))
	];
}

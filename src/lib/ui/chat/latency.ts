import type { Step, StepName, Trace } from '#lib/contract/trace.ts';

export interface LatencyPart {
	label: string;
	duration_ms: number;
}

const PARTS: { label: string; steps: StepName[] }[] = [
	{ label: 'waiting', steps: ['queue'] },
	{ label: 'rewriting', steps: ['query_rewriting'] },
	{
		label: 'retrieval',
		steps: [
			'query_embedding',
			'retrieval_semantic',
			'retrieval_bm25',
			'retrieval_parts',
			'retrieval_pages',
			'fusion_rrf'
		]
	},
	{ label: 'reranking', steps: ['reranking'] },
	{ label: 'generation', steps: ['llm_generation'] }
];

/** Where the time of an answer went, in the order of the run; what did not run is left out. */
export function latencyParts({ steps }: Pick<Trace, 'steps'>): LatencyPart[] {
	return PARTS.flatMap(({ label, steps: names }) => {
		const ran = steps.filter(({ name, status }) => names.includes(name) && status !== 'skipped');
		return ran.length === 0 ? [] : [{ label, duration_ms: covered(ran) }];
	});
}

/** Length of the union of the steps' intervals: searches that ran at the same time count once. */
function covered(steps: readonly Step[]): number {
	let total = 0;
	let end = 0;
	for (const { start_ms, duration_ms } of steps.toSorted((a, b) => a.start_ms - b.start_ms)) {
		total += Math.max(0, start_ms + duration_ms - Math.max(end, start_ms));
		end = Math.max(end, start_ms + duration_ms);
	}
	return total;
}

import type { Source } from '#lib/contract/chunk.ts';
import type { Candidate, Step, StepName, Trace, TraceStatus } from '#lib/contract/trace.ts';
import { unionLength } from '#lib/server/trace/interval.ts';

const QUESTIONS = [
	'How do I create a POST endpoint?',
	'What does response_model do, and when is it validated?',
	'How do I stream tokens from a chat model?',
	'Why does asyncio.gather swallow my exception?',
	'Declare a path parameter that contains slashes',
	'How can I run a dependency before every request of a router without repeating it in each path operation?',
	'Which text splitter keeps code blocks whole?',
	'Was ist der Unterschied zwischen Query und Path?'
];
const LIBRARIES = ['fastapi', 'langchain', 'python', null];

/** Numbers between 0 and 1 that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** What a sample is like; what is left out is chosen at random. */
export interface SampleOptions {
	trace_id?: string;
	timestamp?: string;
	question?: string;
	library_filter?: string | null;
	status?: TraceStatus;
	/** Rows of the ledger; from 8 on one of them is a neighbour that no search found. */
	candidates?: number;
	/** Whether the question had to be rewritten. */
	followUp?: boolean;
}

/** A made-up trace whose parts fit together as in a real one. */
export function sampleTrace(random: () => number, options: SampleOptions = {}): Trace {
	const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
	const between = (low: number, high: number) => low + random() * (high - low);
	const status = options.status ?? pickStatus(random());
	const refused = status === 'refused';
	const steps: Step[] = [];
	const add = (name: StepName, start_ms: number, duration_ms: number, details: Step['details'] = {}) => {
		steps.push({ name, start_ms, duration_ms, status: 'success', details });
		return start_ms + duration_ms;
	};

	const isFollowUp = options.followUp ?? random() < 0.15;
	const standalone = isFollowUp
		? add('query_rewriting', 0.2, between(200, 700), { n_turns: 1, method: 'model' })
		: 0.3;
	const embedded = add('query_embedding', standalone, between(0.5, 8), { dimensions: 384 });
	const semantic = add('retrieval_semantic', embedded, between(5, 40), { n_results: 50 });
	const bm25 = add('retrieval_bm25', standalone + 0.1, between(2, 15), { n_results: 50 });
	const fused = add('fusion_rrf', Math.max(semantic, bm25) + 0.2, between(0.2, 2), {
		n_candidates: 80,
		k: 60
	});
	const reranked = add('reranking', fused, between(20, 150), {
		n_input: 30,
		n_output: 30,
		model: 'built-in'
	});
	let end = add('evidence_gate', reranked + 0.1, 0.05, { answerable: !refused, best_score: 0.81 });
	let first: number | null = refused ? end : null;
	const called = !refused && status !== 'pending';
	const failed = status === 'error';
	const completion = Math.floor(between(80, 400));
	if (called) {
		end = add('source_selection', end, between(0.5, 3), {
			n_sources: 11,
			source_tokens: 2940,
			room_tokens: 3000
		});
		end = add('prompt_building', end, between(0.2, 1), { n_sources: 11, characters: 12_400 });
		const generation = between(600, 4200);
		if (!failed) first = end + between(120, 500);
		add('llm_generation', end + 0.1, generation, {
			model: 'moonshot-v1-8k',
			prompt_tokens: failed ? null : 1200,
			completion_tokens: failed ? null : completion,
			time_to_first_token_ms: first === null ? null : first - end,
			finish_reason: failed ? null : 'stop',
			attempts: 1
		});
		const generated = steps.at(-1)!;
		if (failed) generated.status = 'error';
		if (status === 'cancelled') generated.status = 'cancelled';
		end += generation;
	}
	steps.sort((a, b) => a.start_ms - b.start_ms);
	const total = status === 'pending' || status === 'interrupted' ? null : end + between(0.2, 3);
	const candidates = sampleCandidates(random, options.candidates ?? 60, refused);
	const sources = called ? sampleSources(candidates) : [];
	const question = options.question ?? pick(QUESTIONS);
	return {
		trace_id: options.trace_id ?? uuid(random),
		timestamp: options.timestamp ?? new Date().toISOString(),
		question,
		library_filter: options.library_filter === undefined ? pick(LIBRARIES) : options.library_filter,
		route: pick(['ask', 'ask_stream', 'trpc_ask', 'cli'] as const),
		conversation_id: null,
		steps,
		total_duration_ms: total,
		unaccounted_ms: total === null ? null : Math.max(0, total - unionLength(steps)),
		time_to_first_token_ms: first,
		status,
		error: failed
			? { code: 'upstream_timeout', message: 'The model did not answer in time. Ask again in a moment.' }
			: null,
		model: called ? 'moonshot-v1-8k' : null,
		answer:
			status === 'pending' || failed
				? null
				: refused
					? 'The documentation that is indexed does not answer this.'
					: 'Declare a function with `@app.post()` and a parameter of a model type [1].\n\n```python\n@app.post("/items/")\nasync def create(item: Item):\n    return item\n```\n\nThe body is validated before your function runs [3].',
		sources,
		evidence: refused ? null : random() < 0.2 ? 'thin' : 'good',
		refused_by: refused ? 'gate' : null,
		support: [],
		citations: status === 'success' ? [1, 3] : [],
		usage:
			called && !failed
				? {
						prompt_tokens: 1200,
						completion_tokens: completion,
						total_tokens: 1200 + completion,
						source: 'reported'
					}
				: { prompt_tokens: null, completion_tokens: null, total_tokens: null, source: 'missing' },
		cost_usd: status === 'success' && random() < 0.8 ? 0.000_4 + completion * 0.000_002 : null,
		feedback: status === 'success' && random() < 0.2 ? { rating: pick(['up', 'down']), comment: null } : null,
		standalone_question: null,
		prompt: called
			? [
					{ role: 'system', content: 'Answer only from the passages. Cite them as [n].' },
					{
						role: 'user',
						content: `${sources.map(({ n, text }) => `[${n}] ${text}`).join('\n\n')}\n\n${question}`
					}
				]
			: [],
		candidates: status === 'pending' ? [] : candidates
	};
}

/** Traces over the time before `now`, oldest first. */
export function sampleTraces(count: number, seed: number, now: Date, span_ms: number): Trace[] {
	const random = randomNumbers(seed);
	return Array.from({ length: count }, () => now.getTime() - random() * span_ms)
		.sort((a, b) => a - b)
		.map((time) => sampleTrace(random, { timestamp: new Date(time).toISOString() }));
}

function pickStatus(number: number): TraceStatus {
	if (number < 0.78) return 'success';
	if (number < 0.87) return 'refused';
	if (number < 0.93) return 'error';
	return 'cancelled';
}

function sampleCandidates(random: () => number, count: number, refused: boolean): Candidate[] {
	const ranked = (index: number, seen: boolean, score: number) => (seen ? { rank: index + 1, score } : null);
	const given = refused ? 0 : Math.max(3, Math.min(12, Math.floor(count / 4)));
	const hasNeighbour = !refused && count >= 8;
	const rows = Array.from({ length: hasNeighbour ? count - 1 : count }, (_, index): Candidate => {
		const inContext = index < given;
		const reranked = index < Math.min(30, count / 2);
		const semantic = inContext || random() < 0.7;
		return {
			chunk_id: `chunk-${index}-${Math.floor(random() * 1e9).toString(36)}`,
			library: 'fastapi',
			document: `docs/tutorial/${['body', 'response-model', 'path-params', 'dependencies'][index % 4]}.md`,
			heading_path:
				index % 7 === 6
					? []
					: ['Request Body', ['Declare it as a parameter', 'Results', 'Recap'][index % 3]!],
			semantic: ranked(index, semantic, 0.8 - index * 0.004),
			bm25: ranked((index * 7) % count, !semantic || random() < 0.6, 14 - ((index * 7) % count) * 0.1),
			fusion: ranked(index, true, 1 / (61 + index) + 0.01),
			rerank: ranked(index, reranked, 0.95 - index * 0.02),
			features: reranked ? { coverage: 0.9 - index * 0.02, phrase: 0.4, heading: 0.25 } : undefined,
			in_context: inContext,
			cited: inContext && (index === 0 || index === 2),
			dropped_at: inContext
				? null
				: refused
					? 'evidence_gate'
					: reranked
						? (['redundant', 'budget', 'budget'] as const)[index % 3]!
						: 'fusion_rrf'
		};
	});
	if (!hasNeighbour) return rows;
	const beside = rows[1]!;
	const neighbour = { ...beside, chunk_id: `${beside.chunk_id}-next`, features: undefined };
	return [...rows, { ...neighbour, semantic: null, bm25: null, fusion: null, rerank: null }];
}

/** What was in context as sources: a neighbour, which no search found, in one with the passage before it, all others alone. */
function sampleSources(candidates: readonly Candidate[]): Source[] {
	return candidates
		.filter((candidate) => candidate.in_context && candidate.fusion)
		.map((candidate, index) => {
			const { chunk_id, library, document, heading_path } = candidate;
			const next = candidates.filter((other) => other.chunk_id === `${chunk_id}-next`);
			return {
				n: index + 1,
				chunk_id,
				chunk_ids: [chunk_id, ...next.map((other) => other.chunk_id)],
				library,
				document,
				title: heading_path[0] ?? document,
				heading_path,
				url: `https://docs.example.org/${document}`,
				anchor: 'details',
				text: 'Declare the body as a parameter with a type.\n\n```python\n@app.post("/items/")\nasync def create(item: Item):\n    return item\n```'
			};
		});
}

function uuid(random: () => number): string {
	const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

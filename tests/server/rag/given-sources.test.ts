import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Source } from '#lib/contract/chunk.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { createAnswerPipeline } from '#lib/server/rag/answer.ts';
import type { AnswerEngine } from '#lib/server/rag/engine.ts';
import type { Passage } from '#lib/server/search/passage-index.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { passage } from '../../fixtures/passages.ts';
import { PlainIndex } from '../../fixtures/plain-index.ts';
import { chosenIds, recomputeDrop } from '../../fixtures/recompute-ledger.ts';
import { scriptedGenerator } from '../../fixtures/scripted-generator.ts';

interface Settings {
	sourceTokens: number;
	contextTokens: number;
	limit: number;
	/** The number that the answer cites. */
	cited: number;
}

/** Answers a question from these passages, in the order that the text search found them in. */
async function answer(passages: readonly Passage[], { limit, cited, ...room }: Settings) {
	const engine: AnswerEngine = {
		knowledge: () => ({ index: new PlainIndex(null, [...passages]), embedder: null }),
		reranker: {
			model: 'as-found',
			rerank: async (_question, candidates) =>
				candidates.map(({ chunk }, at) => ({ chunk_id: chunk.chunk_id, score: -at }))
		},
		generator: scriptedGenerator([`So [${cited}].`]),
		prices: { cost: () => null } as unknown as AnswerEngine['prices'],
		turns: () => [],
		...room
	};
	const request = { question: 'Where does the otter sleep?', limit };
	const trace = new TraceRecorder(request, 'ask', 'trace');
	let sent: Source[] = [];
	const tell = (part: { type: string; data: unknown }) => {
		if (part.type === 'sources') sent = part.data as Source[];
	};
	const { status } = await createAnswerPipeline(engine)(request, trace, tell, new AbortController().signal);
	return { sent, trace: trace.finish({ status }) };
}

/** Number and text of each passage that the model was shown. */
function shownIn({ prompt }: Trace): [n: number, text: string][] {
	const shown = prompt
		.at(-1)
		?.content.matchAll(
			/<passage-(?<boundary>\w+) n="(?<n>\d+)">\n.*\n\n(?<text>[^]*?)\n<\/passage-\k<boundary>>/g
		);
	return [...(shown ?? [])].map(({ groups }) => [Number(groups!.n), groups!.text!]);
}

const word = fc.constantFrom('reed', 'bank', 'moss', 'river', 'night', 'fish');
const sentence = fc
	.array(word, { maxLength: 80 })
	.map((words) => `An otter sleeps in its den ${words.join(' ')}.`);
const text = fc.oneof(
	{ weight: 4, arbitrary: sentence },
	{ weight: 1, arbitrary: sentence.map((each) => `${each} As here:`) },
	{ weight: 1, arbitrary: sentence.map((each) => `\`\`\`\n${each}\n\`\`\``) }
);
const pages = fc
	.array(
		fc.array(fc.record({ text, heading: fc.constantFrom('Days', 'Nights') }), { minLength: 1, maxLength: 6 }),
		{
			minLength: 1,
			maxLength: 6
		}
	)
	.map((pages) =>
		pages.flatMap((page, at) =>
			page.map(({ text, heading }, position) => ({
				position,
				chunk: passage({
					chunk_id: `${at}:${position}`,
					document: `${at}.md`,
					heading_path: [heading],
					text
				})
			}))
		)
	);
const settings = fc.record({
	sourceTokens: fc.integer({ min: 100, max: 1500 }),
	contextTokens: fc.constantFrom(2048, 16_384),
	limit: fc.integer({ min: 1, max: 20 }),
	cited: fc.integer({ min: 1, max: 4 })
});

it('rows in context, passages of the sources and passages of the prompt are the same, for any documents and settings', async () => {
	await fc.assert(
		fc.asyncProperty(pages, settings, async (passages, settings) => {
			const { sent, trace } = await answer(passages, settings);
			expect(trace.status).toBe('success');
			expect(trace.sources).toEqual(sent);
			const rows = trace.candidates;
			const byId = new Map(passages.map(({ chunk }) => [chunk.chunk_id, chunk]));

			const given = sent.flatMap((source) => source.chunk_ids);
			const inContext = rows.filter((row) => row.in_context).map((row) => row.chunk_id);
			expect(inContext.toSorted()).toEqual(given.toSorted());
			expect(new Set(given).size).toBe(given.length);
			for (const source of sent) {
				expect(source.chunk_id).toBe(source.chunk_ids[0]);
				expect(source.text).toBe(source.chunk_ids.map((id) => byId.get(id)!.text).join('\n\n'));
			}
			expect(shownIn(trace)).toEqual(sent.map(({ n, text }) => [n, text]));

			const cited = sent.filter(({ n }) => n === settings.cited).flatMap((source) => source.chunk_ids);
			expect(
				rows
					.filter((row) => row.cited)
					.map((row) => row.chunk_id)
					.toSorted()
			).toEqual(cited.toSorted());
			expect(sent.length).toBeLessThanOrEqual(settings.limit);
			const step = trace.steps.find(({ name }) => name === 'source_selection')!;
			if (chosenIds(trace).length > 1) {
				expect(step.details.source_tokens).toBeLessThanOrEqual(settings.sourceTokens);
			}
			for (const row of rows) {
				expect(recomputeDrop(trace, row, { passages: byId, limit: settings.limit })).toContain(
					row.dropped_at
				);
			}
		}),
		{ numRuns: 150 }
	);
});

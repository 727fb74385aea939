import { describe, expect, it } from 'vitest';
import type { Embedder } from '#lib/server/model/embedder.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { judgeEvidence, refusalText } from '#lib/server/rag/gate.ts';
import { passage } from '../../fixtures/passages.ts';

const ranked = (coverage: number, heading = 'Section') => {
	const chunk = passage({ heading_path: [heading], title: 'Guide' });
	return { chunk, chunk_id: chunk.chunk_id, score: 1, evidence: { coverage } };
};
const knowing = (inProcess: boolean | null) =>
	({ embedder: inProcess === null ? null : ({ inProcess } as Embedder) }) as Knowledge;

describe('the evidence gate', () => {
	it.each([
		['no passage was found', [], true, false],
		['no passage shares a word with the question', [0, 0], true, false],
		['there are no vectors and no shared word', [0], null, false],
		['one passage shares a word', [0, 0.2], true, true],
		['a model compared the meaning, without a shared word', [0], false, true]
	])('when %s', (_, coverages, inProcess, answerable) => {
		const passages = coverages.map((coverage) => ranked(coverage));
		expect(judgeEvidence(passages, knowing(inProcess)).answerable).toBe(answerable);
	});

	it('tells the numbers it decided on', () => {
		expect(judgeEvidence([ranked(0.2), ranked(0.5)], knowing(true)).details).toEqual({
			n_passages: 2,
			best_coverage: 0.5
		});
	});

	it('names the nearest headings, each once, when it refuses', () => {
		const text = refusalText([ranked(0, 'Files'), ranked(0, 'Files'), ranked(0, 'Dates')]);
		expect(text).toMatch(/does not cover/);
		expect(text.match(/^- .*$/gm)).toEqual(['- Guide › Files (demo)', '- Guide › Dates (demo)']);
		expect(refusalText([])).not.toContain('nearest');
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Embedder } from '#lib/server/model/embedder.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { gateEvidence } from '#lib/server/rag/gate-evidence.ts';
import { judgeEvidence, logOdds } from '#lib/server/rag/gate.ts';
import { gateWeights } from '#lib/server/rag/gate-weights.ts';
import { technologiesIn } from '#lib/server/rag/technologies.ts';
import type { QuestionLanguage } from '#lib/server/search/unheld-language.ts';
import type { SearchIndex } from '#lib/server/search/passage-index.ts';
import type { QuestionWord } from '#lib/server/search/question-words.ts';
import { ranked as rankedPassage } from '../../fixtures/passages.ts';

const ranked = (evidence: Record<string, number>, heading = 'Section') =>
	rankedPassage({ heading_path: [heading], title: 'Guide' }, { evidence });

/** An index of so many passages that holds each word of the question so often. */
function knowing(
	inProcess: boolean | null,
	{ size = 20, passages = 5 }: { size?: number; passages?: number } = {}
): Knowledge {
	const questionWords = async (question: string): Promise<QuestionWord[]> =>
		question
			.split(' ')
			.map((word) => ({ word, isIdentifier: false, isForeign: false, passages, byLibrary: [passages] }));
	const librarySize = () => size;
	return {
		index: { size, questionWords, librarySize } as Partial<SearchIndex> as SearchIndex,
		embedder: inProcess === null ? null : ({ inProcess } as Embedder)
	};
}

/** What became of a question in a language that is held. */
async function decisionOn(
	question: string,
	passages: ReturnType<typeof ranked>[],
	knowledge: Knowledge,
	language: QuestionLanguage | null = null
) {
	return (await judgeEvidence({ question, language, library: null, passages, knowledge })).decision;
}

/** The evidence of these words over one library. */
const reading = (words: readonly QuestionWord[]) => ({
	question: '',
	words,
	passages: [ranked(marginal)],
	librarySizes: [10_000],
	indexed: 10_000
});

const fitting = { coverage: 0.8, document_coverage: 0.9, heading_match: 0.5, semantic: 0.6 };
const marginal = { coverage: 0.1, document_coverage: 0.2, heading_match: 0, semantic: 0.1 };

describe('the evidence gate', () => {
	it.each([
		['no passage was found', [], true, 'refused'],
		['no passage was found by an endpoint either', [], false, 'refused'],
		['no passage shares a word with the question', [0, 0], true, 'refused'],
		['there are no vectors and no shared word', [0], null, 'refused'],
		['passages share words and meaning', [0, 0.9], true, 'good'],
		['an endpoint compared the meaning, without a shared word', [0], false, 'good']
	])('when %s', async (_, coverages, inProcess, decision) => {
		const passages = coverages.map((coverage) => ranked({ ...fitting, coverage }));
		expect(await decisionOn('How?', passages, knowing(inProcess))).toBe(decision);
	});

	it('calls evidence thin that is neither enough nor so little that the question is refused', async () => {
		const decisions = [];
		for (let passages = 1; passages <= 4096; passages *= 2) {
			const index = knowing(true, { size: 30_000, passages });
			decisions.push(
				await decisionOn('Which vaccine helps', [ranked({ ...marginal, semantic: 0.5 })], index)
			);
		}
		const order = ['refused', 'thin', 'good'];
		expect(decisions).toContain('thin');
		expect(decisions).toEqual(decisions.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)));
	});

	it('refuses a question in words that hardly any of many passages has, and answers one in their own words', async () => {
		const question = 'Which vaccine helps against yellow fever';
		const rare = knowing(true, { size: 30_000, passages: 1 });
		expect(await decisionOn(question, [ranked(marginal)], rare)).toBe('refused');
		const common = knowing(true, { size: 30_000, passages: 3000 });
		expect(await decisionOn(question, [ranked(fitting)], common)).toBe('good');
	});

	it('is lenient where little is indexed', async () => {
		const few = knowing(true, { size: 40, passages: 1 });
		expect(await decisionOn('Which vaccine helps', [ranked(marginal)], few)).not.toBe('refused');
	});

	it('never refuses for rare words where an endpoint compares meanings', async () => {
		const rare = knowing(false, { size: 30_000, passages: 0 });
		expect(await decisionOn('Which vaccine helps', [ranked(marginal)], rare)).toBe('thin');
	});

	it('never refuses for its words a question in a language that no document is in, and says why', async () => {
		const rare = knowing(true, { size: 30_000, passages: 0 });
		for (const passages of [[ranked(marginal)], [ranked({ ...marginal, coverage: 0 })]]) {
			expect(await decisionOn('Wie geht das', passages, rare, 'german')).toBe('thin');
			expect(await decisionOn('How is it done', passages, rare)).toBe('refused');
		}
		const asked = { question: 'Wie geht das', library: null, passages: [ranked(marginal)], knowledge: rare };
		const { details } = await judgeEvidence({ ...asked, language: 'german' });
		expect(details.other_language).toBe('german');
	});

	it('tells the numbers it decided on', async () => {
		const passages = [ranked({ ...fitting, coverage: 0.2 }), ranked({ ...fitting, coverage: 0.5 })];
		const knowledge = knowing(true, { size: 9999 });
		const { details } = await judgeEvidence({
			question: 'docker fish',
			language: null,
			library: null,
			passages,
			knowledge
		});
		expect(details).toMatchObject({
			n_passages: 2,
			best_coverage: 0.5,
			document_coverage: 0.9,
			heading_match: 0.5,
			semantic: 0.6
		});
		const prior = (100 * 5.5) / 10_000;
		const trust = 9999 / 10_299 / 10;
		expect(details.word_rarity).toBeCloseTo(trust * Math.log(10_099 / (5 + prior)), 2);
		expect(details.technology_rarity).toBeCloseTo((Math.log(10_000 / 5.5) / 10) * (9999 / 10_299) - 0.42, 2);
		const parts = Object.keys(gateWeights.weights).map((name) => [name, Number(details[name] ?? 0)]);
		expect(details.evidence).toBeCloseTo(logOdds(Object.fromEntries(parts)), 1);
	});

	it('never holds more evidence against an answer', () => {
		const share = fc.double({ min: 0, max: 1, noNaN: true });
		const values = fc.record({ document_coverage: share, heading_match: share, semantic: share });
		fc.assert(
			fc.property(
				values,
				fc.constantFrom('document_coverage', 'heading_match', 'semantic'),
				share,
				(some, name, more) => {
					const better = { ...some, [name]: some[name as keyof typeof some] + more };
					expect(logOdds(better)).toBeGreaterThanOrEqual(logOdds(some));
				}
			)
		);
	});

	it('never holds a more common word against an answer', () => {
		const counts = fc.array(fc.nat(5000), { minLength: 1, maxLength: 12 });
		fc.assert(
			fc.property(counts, fc.nat(11), fc.nat(5000), (passages, at, more) => {
				const words = (held: number[]) =>
					held.map((passages, at) => ({
						word: `word${'x'.repeat(at)}`,
						isIdentifier: false,
						isForeign: false,
						passages,
						byLibrary: [passages]
					}));
				const common = passages.map((count, place) =>
					place === at % passages.length ? count + more : count
				);
				const evidence = (held: number[]) => logOdds(gateEvidence(reading(words(held))));
				expect(evidence(common)).toBeGreaterThanOrEqual(evidence(passages) - 1e-9);
			})
		);
	});

	it('does not count the words of other languages, which are rare where few pages are in them', () => {
		const word = { word: 'Schlüssel', isIdentifier: false, passages: 0, byLibrary: [0] };
		const rarity = (isForeign: boolean) => gateEvidence(reading([{ ...word, isForeign }])).word_rarity;
		expect(rarity(true)).toBe(0);
		expect(rarity(false)).toBeGreaterThan(0.5);
	});
});

describe('technologies in a question', () => {
	it('are known by name, in any case and number', () => {
		expect(technologiesIn('How do Dockerfiles differ in Kubernetes, NGINX or docker?')).toEqual([
			'Kubernetes',
			'NGINX',
			'docker'
		]);
		expect(technologiesIn('How do I make a cake?')).toEqual([]);
	});
});

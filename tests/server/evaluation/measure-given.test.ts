import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { essentialFacts } from '#lib/server/evaluation/facts.ts';
import { measureGiven, missedFacts, rankOfFact, type Wanted } from '#lib/server/evaluation/measure-given.ts';
import { NormalPassages } from '#lib/server/evaluation/normal-form.ts';
import { evalQuestionSchema, type EvalQuestion } from '#lib/server/evaluation/question.ts';
import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import { passage } from '../../fixtures/passages.ts';

const place = (document: string, position: number, text: string, library = 'house'): PlacedChunk => ({
	position,
	chunk: passage({ library, document, title: document, heading_path: [], text })
});
const door = [
	place('door.md', 0, 'Turn the brass key'),
	place('door.md', 1, 'twice to open it.'),
	place('door.md', 2, 'Oil the hinges.')
] as const;
const roof = place('roof.md', 0, 'The tiles are made of slate.');
const elsewhere = place('door.md', 0, 'Turn the brass key twice to open it.', 'garden');

const fact = (name: string, essential: boolean, ...places: [document: string, text: string][]) => ({
	fact: name,
	essential,
	snippets: places.map(([document, text]) => ({ document, text }))
});
const question = evalQuestionSchema.parse({
	question: 'How do I open the door?',
	library: 'house',
	relevant: ['door.md'],
	facts: [
		fact('twice', true, ['door.md', 'brass key twice']),
		fact('oil or slate', true, ['door.md', 'oil the *hinges*'], ['roof.md', 'made of slate']),
		fact('not needed', false, ['roof.md', 'tiles'])
	]
});
const wantedOf = (asked: EvalQuestion): Wanted => ({
	...asked,
	facts: essentialFacts(asked),
	normal: new NormalPassages()
});
const measure = (passages: readonly PlacedChunk[], asked = question) =>
	measureGiven({ runs: passages.map((each) => [each]), tokens: 7 }, wantedOf(asked));

describe('what is given', () => {
	it.each([
		['nothing', [], 0, 0, 0],
		['one of two facts, by another page', [roof], 0.5, 0, 0],
		['half of a text that was cut', [door[0]], 0, 0, 1],
		['both halves, in any order', [door[1], door[0]], 0.5, 0, 1],
		['halves with a gap between them', [door[0], door[2]], 0.5, 0, 1],
		['both facts', [door[0], roof, door[1]], 1, 1, 1],
		['the same page of another library', [elsewhere], 0, 0, 0]
	])('%s', (_, passages, essential, all_essential, page_hit) => {
		expect(measure(passages)).toEqual({ essential, all_essential, page_hit, tokens: 7 });
	});

	it('counts in any library for a question that names none', () => {
		const { library: _, ...anywhere } = question;
		expect(measure([elsewhere], anywhere)).toMatchObject({ essential: 0.5, page_hit: 1 });
		// Pieces of two libraries are no text.
		const piece = place('door.md', 1, 'twice to open it.', 'garden');
		expect(measure([door[0], piece], anywhere)).toMatchObject({ essential: 0 });
	});

	it('has no share of facts where none is essential', () => {
		const plain = { ...question, facts: question.facts.filter(({ essential }) => !essential) };
		expect(measure([door[0]], plain)).toMatchObject({ essential: null, all_essential: null, page_hit: 1 });
	});

	it('compares what has no ASCII letters by letters of any script', () => {
		const greek = { ...question, facts: [fact('key', true, ['door.md', 'Στρέψε, το κλειδί'])] };
		expect(measure([place('door.md', 0, '**στρέψε** το κλειδί!')], greek)).toMatchObject({ essential: 1 });
		expect(measure([place('door.md', 0, 'Ανοίγει η πόρτα.')], greek)).toMatchObject({ essential: 0 });
	});

	it('names what was missed, and the first passage that states it', () => {
		const wanted = wantedOf(question);
		const missed = missedFacts([door[0], door[1]], wanted);
		expect(missed.map((each) => each.fact)).toEqual(['oil or slate']);
		expect(rankOfFact([elsewhere, door[0], roof, door[2]], missed[0]!, wanted)).toBe(3);
		expect(rankOfFact([elsewhere, door[0]], missed[0]!, wanted)).toBeNull();
	});
});

describe('coverage', () => {
	const words = fc.array(fc.constantFrom('key', 'turn', 'slate', 'tile', 'oil'), {
		minLength: 1,
		maxLength: 4
	});
	const text = words.map((all) => all.join(' '));
	/** The passages of a page, and a part of it that may reach over several. */
	const page = (name: string) =>
		fc
			.tuple(fc.array(text, { minLength: 1, maxLength: 6 }), fc.nat(), fc.integer({ min: 1, max: 30 }))
			.map(([texts, from, length]) => {
				const whole = texts.join(' ');
				const start = from % whole.length;
				const part = whole.slice(start, start + length);
				return {
					passages: texts.map((each, at) => place(name, at, each)),
					snippet: { document: name, text: part.trim() || whole }
				};
			});

	it('is 0 to 1, and never falls when another passage is given', () => {
		const pages = fc.tuple(page('door.md'), page('roof.md'), page('wall.md'));
		const order = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });
		fc.assert(
			fc.property(pages, order, (all, picks) => {
				const [one, two, three] = all.map(({ snippet }) => snippet);
				const asked = {
					...question,
					facts: [
						{ fact: 'either', essential: true, snippets: [one!, two!] },
						{ fact: 'third', essential: true, snippets: [three!] }
					]
				};
				const waiting = all.flatMap(({ passages }) => passages);
				const given: PlacedChunk[] = [];
				let before = measure(given, asked);
				expect(before).toMatchObject({ essential: 0, all_essential: 0, page_hit: 0 });
				for (let at = 0; waiting.length > 0; at += 1) {
					given.push(...waiting.splice(picks[at % picks.length]! % waiting.length, 1));
					const now = measure(given, asked);
					expect(now.essential).toBeGreaterThanOrEqual(before.essential!);
					expect(now.essential).toBeLessThanOrEqual(1);
					expect(now.all_essential).toBe(Number(now.essential === 1));
					expect(now.page_hit).toBeGreaterThanOrEqual(before.page_hit);
					before = now;
				}
				expect(before).toMatchObject({ essential: 1, all_essential: 1, page_hit: 1 });
			})
		);
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeStatements, judgeSupport } from '#lib/server/rag/support.ts';
import { statementsOf } from '#lib/server/rag/statements.ts';
import { source } from '../../fixtures/passages.ts';

const kettle = source(1, {
	title: 'Kettle',
	heading_path: ['Boiling'],
	text: 'The kettle boils 2 litres of water in 90 seconds. Start it with `kettle --boil`, and stop it with the `KETTLE_STOP` variable.\n\n```sh\nkettle --boil --litres 2\n```\n\nDescale the kettle every month.'
});
const toaster = source(2, {
	title: 'Toaster',
	heading_path: ['Browning'],
	text: 'The toaster browns bread from level 1 to level 6. Level 4 suits rye bread. Pull the lever to eject slices early.'
});
const sources = [kettle, toaster];

/** The levels of an answer's sentences, by their text. */
async function levels(answer: string, given = sources) {
	return (await judgeSupport(answer, given)).map(({ start, end, level }) => [
		answer.slice(start, end),
		level
	]);
}

describe('support of a sentence', () => {
	it.each([
		['word for word', 'The kettle boils 2 litres of water in 90 seconds [1].', 'quoted'],
		['word for word, with markup', '**Descale** the kettle every month [1].', 'quoted'],
		['in other words', 'It takes the kettle 90 seconds to boil 2 litres of water [1].', 'supported'],
		['with another number', 'It takes the kettle 45 seconds to boil 2 litres of water [1].', 'weak'],
		['with another flag', 'The kettle is started with `kettle --steam` [1].', 'none'],
		['with another name', 'The variable `KETTLE_HALT` stops the kettle [1].', 'none'],
		['of something else', 'Compile the module with optimisation enabled before publishing it [1].', 'none'],
		['of another source than it cites', 'Pull the lever so that slices are ejected early [1].', 'none']
	])('%s', async (_how, answer, level) => {
		expect(await levels(answer)).toEqual([[answer, level]]);
	});

	it('says which of the cited sources bear it out', async () => {
		const [span] = await judgeSupport('The toaster browns bread from level 1 to level 6 [1][2].', sources);
		expect(span).toMatchObject({ level: 'quoted', sources: [2] });
	});

	it('compares a sentence without a citation with the next one that its paragraph cites, else with all', async () => {
		const [first, second] = await judgeSupport(
			'Pull the lever. The kettle is descaled each month [1].',
			sources
		);
		expect(first).toMatchObject({ level: 'none', sources: [1] });
		expect(second!.level).toBe('supported');
		expect((await judgeSupport('Pull the lever to eject slices.', sources))[0]).toMatchObject({
			level: 'quoted',
			sources: [2]
		});
	});

	it('leaves out what states nothing', async () => {
		expect(await levels('# Kettles\n\nHere is how:\n\n---\n\n[1]\n\n[^1]: kettle.md')).toEqual([]);
		expect(await judgeSupport('The kettle boils.', [])).toEqual([]);
	});

	it('judges list items, rows of tables and code each by themselves', async () => {
		const answer =
			'- Descale the kettle every month [1].\n- Polish the spaceship hourly [1].\n\n| What | How |\n|---|---|\n| rye bread | level 4 [2] |\n\n```sh\nkettle --boil --litres 2\n```\n\n```sh\nrocket --launch now\n```';
		expect((await levels(answer)).map(([, level]) => level)).toEqual([
			'quoted',
			'none',
			'supported',
			'quoted',
			'none'
		]);
	});

	it('holds no words against a sentence in another language than the sources', async () => {
		const german =
			'Der Wasserkocher braucht dafür `kettle --boil` und genau 90 Sekunden, das ist nicht viel [1].';
		expect(await levels(german)).toEqual([[german, 'supported']]);
		expect((await levels('Der Wasserkocher soll bitte einmal im Monat entkalkt werden [1].'))[0]![1]).toBe(
			'weak'
		);
		expect(
			(await levels('Der Wasserkocher braucht dafür genau 17 Sekunden, das ist nicht viel [1].'))[0]![1]
		).toBe('none');
	});

	it('leaves the end of an endless answer alone', async () => {
		const spans = await judgeSupport('Descale the kettle every month [1]. '.repeat(20_000), sources);
		expect(spans.length).toBeGreaterThan(400);
		expect(spans.at(-1)!.end).toBeLessThan(20_000);
	});

	it('lets others have their turn meanwhile', async () => {
		const text = kettle.text.repeat(20);
		const many = Array.from({ length: 300 }, (_, at) => ({ ...kettle, n: at + 1, text }));
		let turns = 0;
		const turn = () => {
			turns += 1;
			immediate = setImmediate(turn);
		};
		let immediate = setImmediate(turn);
		await judgeSupport('Descale the kettle every month [1].', many);
		clearImmediate(immediate);
		expect(turns).toBeGreaterThan(2);
	});

	it('has spans in order that do not overlap, whatever the answer', async () => {
		const parts = fc.constantFrom(
			'The kettle',
			' boils',
			'. ',
			'\n',
			'\n\n',
			'- ',
			'| ',
			' |',
			'```\n',
			'`x`',
			' [1]',
			'[2]',
			' 90',
			'# ',
			'。',
			'水を沸かす',
			'【1】',
			'\\',
			'---'
		);
		await fc.assert(
			fc.asyncProperty(fc.array(parts, { maxLength: 40 }), async (pieces) => {
				const answer = pieces.join('');
				let last = 0;
				for (const { start, end, score } of await judgeStatements(answer, sources)) {
					expect(start).toBeGreaterThanOrEqual(last);
					expect(end).toBeGreaterThan(start);
					expect(end).toBeLessThanOrEqual(answer.length);
					expect(score).toBeGreaterThanOrEqual(0);
					expect(score).toBeLessThanOrEqual(1);
					last = end;
				}
			}),
			{ numRuns: 2000 }
		);
	});
});

describe('the statements of an answer', () => {
	const texts = (answer: string) => statementsOf(answer).map(({ start, end }) => answer.slice(start, end));

	it('are its sentences with their citations', () => {
		expect(texts('Use v3.5, e.g. for tea [1]. Then stop.[2] 水を沸かす。止める【1】。')).toEqual([
			'Use v3.5, e.g. for tea [1].',
			'Then stop.[2]',
			'水を沸かす。',
			'止める【1】。'
		]);
	});

	it('do not end within code', () => {
		expect(texts('Call `a. B` first [1]. Done [1].')).toEqual(['Call `a. B` first [1].', 'Done [1].']);
	});

	it('know what they cite', () => {
		expect(statementsOf('One. Two [1]. Three [2].').map(({ cited }) => cited)).toEqual([[1], [1], [2]]);
		expect(statementsOf('- One.\n- Two [1].').map(({ cited }) => cited)).toEqual([[], [1]]);
	});
});

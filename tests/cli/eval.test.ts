import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../fixtures/cli.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

let folder: TempFolder;

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** So many pages with a word of the question that one without any is not among the first 20. */
const manyPages = (name: string, text: string) =>
	Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${name}-${at}.md`, `# Row ${at}\n\n${text}\n`]));

beforeAll(async () => {
	folder = await tempFolder({
		'house/door.md': '# Doors\n\nTurn the brass key twice to open the red door.\n',
		'house/roof.md': '# Roof\n\nThe tiles of the roof are made of slate.\n',
		...manyPages('house/row', 'More tiles.'),
		'house/cellar.md': '# Cellar\n\nPotatoes keep well in a dark place.\n',
		'garden/roses.md': '# Roses\n\nWater the roses every morning.\n',
		...manyPages('garden/bed', 'More roses.'),
		'garden/shed.md': '# Shed\n\nTools hang on hooks.\n',
		'garden/door.md': '# Garden door\n\nThe garden door has no lock.\n',
		'questions.jsonl': lines(
			{
				id: 'h1',
				library: 'house',
				question: 'How do I open the red door with the brass key?',
				relevant: ['door.md']
			},
			{
				id: 'h2',
				library: 'house',
				question: 'What are the tiles of the roof made of?',
				relevant: ['roof.md', 'cellar.md']
			},
			{ id: 'g1', library: 'garden', question: 'When do I water the roses?', relevant: ['shed.md'] },
			{ id: 'n1', question: 'Which door has no lock?', relevant: ['door.md'] }
		),
		'about-garden.jsonl': lines({
			library: 'garden',
			question: 'When do I water the roses?',
			relevant: ['roses.md']
		}),
		'off-topic.jsonl': lines(
			{ question: 'zebra xylophone quantum' },
			{ question: 'How do I open the red door?' }
		),
		'broken.jsonl': '{"question": "Fine?", "relevant": ["a.md"]}\n{"question": 5}\n'
	});
	for (const library of ['house', 'garden']) await cli('ingest', library, '--library', library);
});

afterAll(() => folder?.[Symbol.asyncDispose]());

const cli = (...args: string[]) =>
	runCli(args, { cwd: folder.path, env: { DATA_DIR: join(folder.path, 'data') } });

async function evaluate(...args: string[]) {
	const { code, stdout, stderr } = await cli('eval', ...args, '--json');
	expect(code, stderr).toBe(0);
	return JSON.parse(stdout);
}

test('measures by document, within the named library and over all', async () => {
	const report = await evaluate('questions.jsonl');
	const perfect = { recall_at_5: 1, recall_at_20: 1, mrr_at_10: 1, ndcg_at_10: 1 };
	expect(report.within_library.libraries.garden).toEqual({
		questions: 1,
		recall_at_5: 0,
		recall_at_20: 0,
		mrr_at_10: 0,
		ndcg_at_10: 0,
		// One question says nothing about the spread.
		intervals: { recall_at_5: null, recall_at_20: null, mrr_at_10: null, ndcg_at_10: null }
	});
	expect(report.within_library.overall.questions).toBe(3);
	expect(report.over_all_libraries.overall.questions).toBe(4);
	expect(report.results.find((result: { id: string }) => result.id === 'h1')).toMatchObject({
		...perfect,
		first_relevant_rank: 1
	});
	// One of the two pages can be found: half of the recall, and 1 / (1 + 1 / log2(3)) of the gain.
	const half = report.results.find((result: { id: string }) => result.id === 'h2');
	expect(half).toMatchObject({ recall_at_5: 0.5, recall_at_20: 0.5, mrr_at_10: 1 });
	expect(half.ndcg_at_10).toBeCloseTo(1 / (1 + 1 / Math.log2(3)), 12);
	const sum = report.within_library.libraries.house.ndcg_at_10 * 2;
	expect(report.within_library.overall.ndcg_at_10).toBeCloseTo(sum / 3, 12);
	expect(
		report.results.find((result: { id: string }) => result.id === 'g1').first_relevant_rank
	).toBeGreaterThan(20);
	expect(report.times.retrieval.count).toBe(7);
	expect(report.times.retrieval_bm25.p50_ms).toBeLessThanOrEqual(report.times.retrieval_bm25.p95_ms);
});

test('--library takes the questions about that library, and those that name none', async () => {
	const report = await evaluate('questions.jsonl', '--library', 'garden');
	expect(report.results.map((result: { id: string }) => result.id)).toEqual(['g1', 'g1', 'n1', 'n1']);
	expect(Object.keys(report.within_library.libraries)).toEqual(['garden']);
});

test('a --library that no question is about is named', async () => {
	const { code, stdout, stderr } = await cli('eval', 'about-garden.jsonl', '--library', 'gardn');
	expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
	expect(stderr).toBe(
		'citelight: about-garden.jsonl holds no questions about the library gardn with relevant documents.\n'
	);
});

test('counts refusals of off-topic questions and of others', async () => {
	const report = await evaluate('questions.jsonl', '--off-topic', 'off-topic.jsonl');
	const { questions, refused_rightly, thin, answered_wrongly } = report.off_topic;
	expect(questions).toBe(2);
	expect(refused_rightly + thin + answered_wrongly.length).toBe(2);
	const refused = report.results.filter(
		(result: { scope: string; refused: boolean }) => result.scope === 'all' && result.refused
	);
	expect(report.over_all_libraries.refused_wrongly).toBe(refused.length);
});

test('says how sure the means and shares are, overall and by library, the same each time', async () => {
	const report = await evaluate('questions.jsonl', '--off-topic', 'off-topic.jsonl');
	const { overall, libraries, refused_wrongly_interval } = report.within_library;
	for (const quality of [overall, libraries.house]) {
		for (const [metric, interval] of Object.entries<{ low: number; high: number }>(quality.intervals)) {
			expect(interval.low).toBeLessThanOrEqual(quality[metric]);
			expect(interval.high).toBeGreaterThanOrEqual(quality[metric]);
		}
	}
	expect(overall.intervals.mrr_at_10).toEqual({ low: 0, high: 1 });
	for (const { low, high } of [refused_wrongly_interval, report.off_topic.refused_rightly_interval]) {
		expect(low).toBeGreaterThanOrEqual(0);
		expect(high).toBeGreaterThan(low);
	}
	expect(report.intervals).toMatchObject({ confidence: 0.95, seed: 1 });
	const again = await evaluate('questions.jsonl', '--off-topic', 'off-topic.jsonl');
	expect({ ...again, times: {} }).toEqual({ ...report, times: {} });
});

test('prints tables for people', async () => {
	const { code, stdout } = await cli('eval', 'questions.jsonl', '--off-topic', 'off-topic.jsonl');
	expect(code).toBe(0);
	expect(stdout).toMatch(
		/^Within the named library\nlibrary +questions +recall@5 +recall@20 +MRR@10 +nDCG@10$/m
	);
	expect(stdout).toMatch(/^house +2( +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]){4}$/m);
	expect(stdout).toMatch(/^Off-topic: \d of 2 refused/m);
	expect(stdout).toMatch(/^retrieval +9 +\S+ ms +\S+ ms$/m);
});

test('a line at fault is named', async () => {
	const { code, stdout, stderr } = await cli('eval', 'broken.jsonl');
	expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
	expect(stderr).toBe('citelight: broken.jsonl, line 2: question must be a string.\n');
});

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { QuestionResult } from '#lib/server/evaluation/evaluate.ts';
import { METHODS, SIZES } from '#lib/server/evaluation/given.ts';
import { runCli } from '../fixtures/cli.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

/** So little that the second page of an answer has no room. */
const SOURCE_TOKENS = '100';

let folder: TempFolder;

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const fact = (name: string, essential: boolean, document: string, ...texts: string[]) => ({
	fact: name,
	essential,
	snippets: texts.map((text) => ({ document, text }))
});
const anchoring = {
	id: 'b1',
	library: 'boat',
	question: 'How do I drop the anchor?',
	relevant: ['anchor.md'],
	facts: [
		fact('head into the wind', true, 'anchor.md', 'head **into the wind**, then let the anchor go'),
		fact(
			'five times the depth',
			true,
			'chain.md',
			'Five times as much chain as the water is deep',
			'not there'
		),
		fact('mark the chain', false, 'chain.md', 'painted marks')
	]
};
const answerable = { ...anchoring, facts: anchoring.facts.map(withFirstSnippet) };
const kneading = {
	library: 'kitchen',
	question: 'How long is bread dough kneaded?',
	relevant: ['bread.md'],
	facts: [fact('ten minutes', true, 'bread.md', 'kneaded for ten minutes')]
};

function withFirstSnippet({ snippets, ...rest }: ReturnType<typeof fact>) {
	return { ...rest, snippets: snippets.slice(0, 1) };
}

beforeAll(async () => {
	const filler = (what: string) => `${`Much is said of ${what} here. `.repeat(8)}\n`;
	folder = await tempFolder({
		'boat/anchor.md': `# Drop the anchor\n\nSlow down, head *into the wind*, then let the anchor go.\n\n${filler('the anchor')}`,
		'boat/chain.md': `# Chain\n\nFive times as much chain as the water is deep. It has painted marks.\n\n${filler('rust')}`,
		'kitchen/bread.md': '# Bread\n\nBread dough is kneaded for ten minutes.\n',
		'kitchen/soup.md': '# Soup\n\nSoup is salted in the end.\n',
		'questions.jsonl': lines(answerable, kneading),
		'unknown.jsonl': lines(
			anchoring,
			{ ...kneading, id: 'k1', relevant: ['bread.md', 'cake.md'] },
			{ ...kneading, id: 'k2', facts: [fact('salt', true, 'soup.md', 'salted in the beginning')] }
		),
		'unmarked.jsonl': lines({ ...kneading, facts: [] }),
		'broken.jsonl': lines({ ...kneading, facts: [fact('nowhere', true, 'bread.md')] })
	});
	for (const library of ['boat', 'kitchen']) {
		const { code, stderr } = await cli('ingest', library, '--library', library);
		expect(code, stderr).toBe(0);
	}
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const cli = (...args: string[]) =>
	runCli(args, { cwd: folder.path, env: { DATA_DIR: join(folder.path, 'data'), SOURCE_TOKENS } });

describe('the JSON report', () => {
	const share = z.number().min(0).max(1);
	const interval = z.strictObject({ low: z.number(), high: z.number() }).nullable();
	const measures = { essential: share.nullable(), all_essential: share.nullable(), page_hit: share };
	const given = <Shape extends z.ZodType>(shape: Shape) =>
		z.record(z.enum(SIZES), z.record(z.enum(METHODS), shape));
	const quality = z.strictObject({
		questions: z.number().int(),
		questions_with_facts: z.number().int(),
		...measures,
		tokens: z.number(),
		intervals: z.record(z.enum(['essential', 'all_essential', 'page_hit', 'tokens']), interval)
	});
	const scope = z.object({
		given: z.strictObject({ overall: given(quality), libraries: z.record(z.string(), given(quality)) })
	});
	const resultSchema = z.strictObject({
		id: z.string().nullable(),
		question: z.string(),
		library: z.string().nullable(),
		scope: z.enum(['library', 'all']),
		first_relevant_rank: z.number().int().positive().nullable(),
		refused: z.boolean(),
		thin: z.boolean(),
		recall_at_5: share,
		recall_at_20: share,
		mrr_at_10: share,
		ndcg_at_10: share,
		...measures,
		tokens: z.number(),
		missed: z.array(z.strictObject({ fact: z.string(), rank: z.number().int().positive().nullable() })),
		sources: z.array(
			z.strictObject({
				library: z.string(),
				document: z.string(),
				title: z.string(),
				heading_path: z.array(z.string()),
				chunk_ids: z.array(z.string()).min(1)
			})
		),
		given: given(z.strictObject({ ...measures, tokens: z.number() }))
	});
	const reportSchema = z.object({
		limits: z.strictObject({ source_tokens: z.literal(100), context_tokens: z.number() }),
		within_library: scope,
		over_all_libraries: scope,
		minimums: z.array(
			z.strictObject({ measure: z.string(), minimum: share, value: share, passed: z.boolean() })
		),
		results: z.array(resultSchema)
	});

	test('has what is given at every size by every method, what was missed, and the minimums', async () => {
		const minimums = ['--min', 'essential=0.8', '--min', 'page_hit=1'];
		const { code, stdout, stderr } = await cli('eval', 'questions.jsonl', '--json', ...minimums);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^citelight: essential is 0\.750, below the minimum of 0\.8\.$/m);
		const report = reportSchema.parse(JSON.parse(stdout));
		expect(report.minimums).toEqual([
			{ measure: 'essential', minimum: 0.8, value: 0.75, passed: false },
			{ measure: 'page_hit', minimum: 1, value: 1, passed: true }
		]);

		const { overall, libraries } = report.within_library.given;
		expect(overall.default!.citelight).toMatchObject({ questions: 2, essential: 0.75, all_essential: 0.5 });
		expect(overall.default!.citelight!.intervals!.essential).toEqual({ low: 0.5, high: 1 });
		expect(libraries.boat!.default!.citelight).toMatchObject({ essential: 0.5, page_hit: 1 });
		for (const method of METHODS) {
			expect(libraries.boat!.default![method]!.tokens).toBeLessThanOrEqual(100);
			expect(overall['800']![method]).toMatchObject({ page_hit: 1 });
		}
		expect(overall['800']!.citelight).toMatchObject({ essential: 1, all_essential: 1 });

		const missing = report.results.find(({ id, scope }) => id === 'b1' && scope === 'library')!;
		expect(missing).toMatchObject({
			essential: 0.5,
			missed: [{ fact: 'five times the depth', rank: 2 }],
			sources: [{ library: 'boat', document: 'anchor.md', heading_path: ['Drop the anchor'] }]
		});
		expect(missing.given['6000']!.citelight).toMatchObject({ essential: 1, all_essential: 1 });
	});

	test('names as sources at default settings what an answer is given', async () => {
		const { stdout } = await cli('eval', 'questions.jsonl', '--json');
		const results: QuestionResult[] = JSON.parse(stdout).results;
		const { question, sources } = results.find(({ id, scope }) => id === 'b1' && scope === 'library')!;
		const answer = JSON.parse((await cli('ask', question, '--library', 'boat', '--json')).stdout);
		expect(answer.sources.map(({ chunk_ids }: { chunk_ids: string[] }) => chunk_ids)).toEqual(
			sources.map(({ chunk_ids }) => chunk_ids)
		);
	});
});

test('prints what is given by size and by library, and with --failures what was missed', async () => {
	const { code, stdout, stderr } = await cli(
		'eval',
		'questions.jsonl',
		'--failures',
		'--min',
		'essential=0.75'
	);
	expect(code, stderr).toBe(0);
	expect(stdout).toMatch(/^at most +chosen by +essential facts +all essential +page hit +tokens$/m);
	expect(stdout).toMatch(
		/^default 100 +answers +0\.750 \[0\.500, 1\.000\] +0\.500 \[0\.000, 1\.000\] +1\.000/m
	);
	expect(stdout).toMatch(/^800 +RRF +\d\.\d{3} \[/m);
	expect(stdout).toMatch(/^boat +1 +answers +0\.500 +0\.000 +1\.000 +\d+$/m);
	expect(stdout).toContain(
		[
			'Within the named library: 1 question with essential facts missed',
			'',
			'b1, boat: How do I drop the anchor?',
			'  missed  five times the depth (found at rank 2)',
			'  given   boat/anchor.md: Drop the anchor',
			''
		].join('\n')
	);
	expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});

test('what the questions name and the index does not hold is listed, and nothing is measured', async () => {
	const { code, stdout, stderr } = await cli('eval', 'unknown.jsonl');
	expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
	expect(stderr).toBe(
		[
			'citelight: The questions name 3 things that the index does not hold:',
			'  b1: chain.md does not hold the text "not there".',
			'  k1: the document cake.md is not in the library kitchen.',
			'  k2: soup.md does not hold the text "salted in the beginning".',
			''
		].join('\n')
	);
});

test.each([
	[
		'a fact without a place',
		['broken.jsonl'],
		'citelight: broken.jsonl, line 1: facts.0.snippets must be at least 1.'
	],
	[
		'a measure of facts without any',
		['unmarked.jsonl', '--min', 'essential=0.1'],
		/no question has essential facts\.$/
	],
	[
		'a minimum of what is no measure',
		['questions.jsonl', '--min', 'speed=1'],
		/^citelight: --min takes NAME=FIGURE/
	]
])('%s is refused', async (_, args, message) => {
	const { code, stdout, stderr } = await cli('eval', ...args);
	expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
	expect(stderr.trim()).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../fixtures/cli.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

let folder: TempFolder;
const question = { library: 'house', question: 'How do I open the red door?', relevant: ['door.md'] };

beforeAll(async () => {
	folder = await tempFolder({
		'house/door.md': '# Doors\n\nTurn the brass key twice to open the red door.\n',
		'house/roof.md': '# Roof\n\nThe tiles of the roof are made of slate.\n',
		'questions.jsonl': `${JSON.stringify(question)}\n`
	});
	const { code, stderr } = await cli('ingest', 'house', '--library', 'house');
	expect(code, stderr).toBe(0);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const cli = (...args: string[]) =>
	runCli(args, { cwd: folder.path, env: { DATA_DIR: join(folder.path, 'data') } });

test('compares with an earlier report, question by question', async () => {
	const before = await cli('eval', 'questions.jsonl', '--json');
	const report = JSON.parse(before.stdout);
	for (const result of report.results) Object.assign(result, { ndcg_at_10: 0.5, first_relevant_rank: 3 });
	await writeFile(join(folder.path, 'before.json'), JSON.stringify(report));

	const { code, stdout, stderr } = await cli('eval', 'questions.jsonl', '--compare', 'before.json', '--json');
	expect(code, stderr).toBe(0);
	const { comparison, over_all_libraries } = JSON.parse(stdout);
	expect(comparison.old.label).toBe('before.json');
	expect(comparison.within_library.overall.ndcg_at_10).toEqual({
		old: 0.5,
		new: 1,
		difference: 0.5,
		interval: null,
		better: 1,
		worse: 0,
		same: 0,
		verdict: 'noise'
	});
	expect(over_all_libraries.overall.ndcg_at_10).toBe(1);

	const { stdout: text } = await cli('eval', 'questions.jsonl', '--compare', 'before.json');
	expect(text).toMatch(/^nDCG@10 +all +0\.500 +1\.000 +\+0\.500 +1 +0 +0$/m);
	expect(text).toMatch(/^0\.500 → 1\.000 +#3 → #1 +house +How do I open the red door\?$/m);
});

test('compares with other settings, asked in the same run', async () => {
	// Nothing listens on port 1: the search goes on in the fused order, and the report says so.
	const settings = 'RERANK_URL=http://127.0.0.1:1/rerank,RERANK_MODEL=other';
	const { code, stdout, stderr } = await cli('eval', 'questions.jsonl', '--compare', settings, '--json');
	expect(code, stderr).toBe(0);
	const { comparison, compared, models } = JSON.parse(stdout);
	expect(models.reranker).toBe('built-in');
	expect(compared.models.reranker).toBe('other');
	expect(compared.skipped).toEqual({ reranking: 2 });
	expect(comparison.new).toMatchObject({ label: settings.replace(',', ', '), skipped: { reranking: 2 } });
	expect(comparison.unpaired).toEqual({ old: 0, new: 0 });
});

test.each([
	['NO_SUCH=1', 'citelight: --compare: there is no setting NO_SUCH.'],
	['none.json', 'citelight: none.json cannot be read.'],
	['questions.jsonl', 'citelight: questions.jsonl is not a report of eval --json.'],
	['PORT=many', 'citelight: PORT must be a whole number.'],
	['EMBEDDING_MODEL=other', /has vectors of words-.* Ingest with that embedder into a folder of its own/]
])('%s cannot be compared with, and the reason is said', async (value, message) => {
	const { code, stdout, stderr } = await cli('eval', 'questions.jsonl', '--compare', value);
	expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
	expect(stderr.trim()).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchResponseSchema } from '#lib/contract/search.ts';
import { runCli } from '../fixtures/cli.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

let folder: TempFolder;

beforeAll(async () => {
	const far =
		'a/folder/with/a/very/long/name/so/that/the/address/of/the/page/does/not/fit/into/a/line/of/text';
	folder = await tempFolder({
		'boat/anchor.md': '# Anchor\n\n## Drop it\n\nHead into the wind, then let the anchor go.\n',
		[`boat/${far}.md`]: `# Chain\n\nThe chain of an anchor.${' It is long and heavy.'.repeat(20)}\n`,
		'kitchen/soup.md': '# Soup\n\nSoup is salted in the end, \u001b[31mnot before\u001b[0m.\n'
	});
	for (const library of ['boat', 'kitchen']) {
		const { code, stderr } = await cli('ingest', library, '--library', library);
		expect(code, stderr).toBe(0);
	}
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const cli = (...args: string[]) => run(args);
const run = (args: string[], env: Record<string, string> = {}) =>
	runCli(args, { cwd: folder.path, env: { DATA_DIR: join(folder.path, 'data'), ...env } });

test('prints passages with rank and score at each stage, in lines of at most 100 characters', async () => {
	const { code, stdout, stderr } = await cli('search', 'let the anchor go', '--library', 'boat');
	expect(code, stderr).toBe(0);
	const [head, first, place, text] = stdout.split('\n');
	expect(head).toMatch(/^# +reranked +fused +BM25( +semantic)? +pages$/);
	expect(first).toMatch(/^1 +#1 +\S+( +#\d +\S+){3,4}$/);
	expect([place, text]).toEqual([
		'   boat/anchor.md: Anchor › Drop it',
		'   Head into the wind, then let the anchor go.'
	]);
	expect(stdout).toMatch(/^2 passages in .*retrieval_bm25 /m);
	expect(stdout).toMatch(/^ {3}boat\/a\/folder.*…$/m);
	expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
});

test('sends colours to terminals only, and never those of a passage', async () => {
	const plain = await cli('search', 'salted soup', '--library', 'kitchen');
	const coloured = await run(['search', 'salted soup', '--library', 'kitchen'], { FORCE_COLOR: '1' });
	const escapes = (text: string) => text.length - stripVTControlCharacters(text).length;
	expect(plain.stdout).not.toContain('\u001b');
	expect(escapes(coloured.stdout)).toBeGreaterThan(0);
	expect(coloured.stdout).not.toContain('\u001b[31m');
});

test('--json is what POST /search answers', async () => {
	const { stdout } = await cli('search', 'anchor', '--limit', '1', '--json');
	const { results } = searchResponseSchema.strict().parse(JSON.parse(stdout));
	expect(results).toMatchObject([{ n: 1, scores: { rerank: { rank: 1 } } }]);
});

test.each([
	[['search', 'anchor', '--library', 'attic'], 1, /no library "attic"/],
	[['search', 'anchor', '--limit', '0'], 2, /^citelight: limit must be at least 1\.$/],
	[['search', ' '], 2, /^citelight: question must not be empty\.$/]
])('%j is refused', async (args, code, message) => {
	const result = await cli(...args);
	expect(result).toMatchObject({ code, stdout: '' });
	expect(result.stderr.trim()).toMatch(message);
});

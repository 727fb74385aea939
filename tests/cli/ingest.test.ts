import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../fixtures/cli.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

const cli = (folder: TempFolder, args: readonly string[], settings: Record<string, string> = {}) =>
	runCli(args, { cwd: folder.path, env: { DATA_DIR: join(folder.path, 'data'), ...settings } });

async function ingest(folder: TempFolder, ...args: string[]) {
	const { code, stdout, stderr } = await cli(folder, ['ingest', ...args, '--json']);
	expect(stderr.includes('citelight:'), stderr).toBe(false);
	expect(code).toBe(0);
	return JSON.parse(stdout) as {
		documents: Record<'added' | 'changed' | 'unchanged' | 'removed', number>;
		failures: { document: string; reason: string }[];
		index: { changed: boolean; passages: number; embedded: number };
	};
}

const documents = async (folder: TempFolder) =>
	(JSON.parse((await cli(folder, ['libraries', '--json'])).stdout) as { documents: number }[])[0]?.documents;

test('reads again only what has changed, and prunes what is gone', async () => {
	await using folder = await tempFolder({
		'docs/a.md': '# Apples\n\nApples are red.\n',
		'docs/deep/b.md': '# Bananas\n\nBananas are yellow.\n',
		'docs/c.md': '# Cherries\n\nCherries are small.\n'
	});
	const first = await ingest(folder, 'docs', '-l', 'fruit');
	expect(first.documents).toEqual({ added: 3, changed: 0, unchanged: 0, removed: 0 });

	const again = await ingest(folder, 'docs', '-l', 'fruit');
	expect(again.documents).toEqual({ added: 0, changed: 0, unchanged: 3, removed: 0 });
	expect(again.index).toMatchObject({ changed: false, embedded: 0 });

	await folder.write({
		'docs/a.md': '# Apples\n\nApples are green.\n',
		'docs/d.md': '# Dates\n\nDates are sweet.\n'
	});
	await folder.remove('docs/c.md');
	const third = await ingest(folder, 'docs', '-l', 'fruit');
	expect(third.documents).toEqual({ added: 1, changed: 1, unchanged: 1, removed: 1 });
	expect(third.index).toMatchObject({ changed: true, passages: 3 });

	const asked = await cli(folder, ['ask', 'Which color are apples?']);
	expect(asked.stdout).toContain('Apples are green.');
	expect(asked.stdout).not.toContain('Apples are red.');
});

test('--no-prune keeps what is gone, until --prune', async () => {
	await using folder = await tempFolder({
		'docs/a.md': '# A\n\nApples.\n',
		'docs/b.md': '# B\n\nBananas.\n'
	});
	await ingest(folder, 'docs', '-l', 'fruit');
	await folder.remove('docs/b.md');
	expect((await ingest(folder, 'docs', '-l', 'fruit', '--no-prune')).documents.removed).toBe(0);
	expect(await documents(folder)).toBe(2);
	expect((await ingest(folder, 'docs', '-l', 'fruit', '--prune')).documents.removed).toBe(1);
	expect(await documents(folder)).toBe(1);
});

test('a page that cannot be read is named and skipped', async () => {
	await using folder = await tempFolder({
		'docs/good.md': '# Good\n\nReadable.\n',
		'docs/bad.md': '# Bad\n'
	});
	await folder.write({ 'docs/bad.md': '\u0000\u0001\u0002\u0003\ufffd' });
	await chmod(join(folder.path, 'docs/bad.md'), 0o000);
	const { code, stdout, stderr } = await cli(folder, ['ingest', 'docs', '-l', 'mixed']);
	expect(code).toBe(0);
	expect(stderr).toMatch(/^Skipped bad\.md: [^\n]+$/m);
	expect(stdout).toMatch(/^mixed: 1 added, 0 changed, 0 unchanged, 0 removed, 1 skipped;/);
});

test('a source that is not there fails, after the others are done', async () => {
	await using folder = await tempFolder({ 'docs/a.md': '# A\n\nApples.\n' });
	const { code, stderr } = await cli(folder, ['ingest', 'docs', 'nowhere', '-l', 'fruit']);
	expect(code).toBe(1);
	expect(stderr).toMatch(/^citelight: nowhere: There is no such file or folder\.$/m);
	expect(await documents(folder)).toBe(1);
});

test('several folders and files may make one library', async () => {
	await using folder = await tempFolder({
		'one/a.md': '# A\n\nApples.\n',
		'two/b.md': '# B\n\nBananas.\n',
		'c.txt': 'Cherries.'
	});
	const report = await ingest(folder, 'one', 'two', 'c.txt', '-l', 'fruit');
	expect(report.documents.added).toBe(3);
	expect(await documents(folder)).toBe(3);
});

test('a host that is not listed is refused, one that is listed goes by any spelling', async () => {
	await using folder = await tempFolder();
	const from = async (address: string) => {
		const settings = { INGEST_HOSTS: 'docs.invalid, Other.invalid' };
		const { stderr } = await cli(folder, ['ingest', address, '-l', 'x'], settings);
		return stderr;
	};
	expect(await from('http://else.invalid/a')).toContain(
		'else.invalid is not among the hosts that may be read'
	);
	expect(await from('http://OTHER.invalid/a')).toContain('The server could not be reached');
});

test('every source that was named and cannot be read is reported', async () => {
	await using folder = await tempFolder();
	const { code, stderr } = await cli(folder, ['ingest', 'http://127.0.0.1:9', 'nowhere', '-l', 'x']);
	expect(code).toBe(1);
	expect(stderr).toMatch(/http:\/\/127\.0\.0\.1:9\/: .*private network/);
	expect(stderr).toContain('nowhere: There is no such file or folder.');
});

test('an address inside the own network is refused', async () => {
	await using folder = await tempFolder();
	const { code, stderr } = await cli(folder, ['ingest', 'http://127.0.0.1:9/secret', '-l', 'x']);
	expect(code).toBe(1);
	expect(stderr.split('\n').filter((line) => line.startsWith('citelight: ')).length).toBe(1);
});

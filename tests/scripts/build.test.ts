import { execFile } from 'node:child_process';
import { cp, readFile, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

const root = join(import.meta.dirname, '../..');
const OURS = ['scripts/build.ts', 'svelte.config.js', 'vite.config.ts', 'tsdown.config.ts', 'tsconfig.json'];
/** Whole builds, on a machine that may have other work. */
const TIMEOUT_MS = 240_000;
const page = (text: string) => `<h1>${text}</h1>\n`;

describe('npm run build', () => {
	let project: TempFolder;
	const at = (name: string) => join(project.path, name);

	beforeAll(async () => {
		project = await tempFolder({
			'package.json': JSON.stringify({ name: 'small', version: '1.0.0', type: 'module' }),
			'src/app.html':
				'<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>',
			'src/routes/+page.svelte': page('The first page'),
			'src/lib/client/index.ts': 'export const client = 1;\n',
			'src/cli/main.ts': "console.log('first');\n",
			'build/old.js': 'export {};',
			'dist/old.js': 'export {};'
		});
		for (const name of OURS) await cp(join(root, name), at(name), { recursive: true });
		await symlink(join(root, 'node_modules'), at('node_modules'));
	});
	afterAll(() => project?.[Symbol.asyncDispose]());

	/** Runs the build; gives its exit code and all that it has said. */
	function build(...args: string[]): Promise<{ code: number; output: string }> {
		return new Promise((done) => {
			const child = execFile(
				process.execPath,
				[at('scripts/build.ts'), ...args],
				{ cwd: project.path },
				(_error, stdout, stderr) => done({ code: child.exitCode ?? -1, output: stdout + stderr })
			);
		});
	}
	/** All that is served, with the text of the page in it. */
	async function built(): Promise<string> {
		const chunks = await readdir(at('build/server/chunks'), { recursive: true });
		const pages = chunks.filter((name) => /_page\.svelte.*\.js$/.test(name));
		return (
			await Promise.all(pages.map((name) => readFile(at(join('build/server/chunks', name)), 'utf8')))
		).join();
	}
	const packed = () => readFile(at('dist/cli.js'), 'utf8');
	const identity = async (name: string) => (await stat(at(name))).ino;
	const leftovers = async () => (await readdir(project.path)).filter((name) => /^\.(build|dist)/.test(name));

	it(
		'puts a new application, with compressed files, and a new package in the place of the old ones',
		async () => {
			const before = [await identity('build'), await identity('dist')];
			const { code, output } = await build();
			expect([code, output]).toEqual([0, expect.any(String)]);
			expect(await built()).toContain('The first page');
			expect(await packed()).toContain('first');
			const client = await readdir(at('build/client'), { recursive: true });
			const scripts = client.filter((name) => name.endsWith('.js'));
			expect(scripts.length).toBeGreaterThan(0);
			for (const name of scripts)
				expect(client).toEqual(expect.arrayContaining([`${name}.br`, `${name}.gz`]));
			const after = [await identity('build'), await identity('dist')];
			expect(after.filter((inode) => before.includes(inode))).toEqual([]);
			expect(await readdir(at('build'))).not.toContain('old.js');
			expect(await readdir(at('dist'))).not.toContain('old.js');
			expect(await leftovers()).toEqual([]);
		},
		TIMEOUT_MS
	);

	it.each([
		['the application', 'src/routes/+page.svelte', '{#if}'],
		['the package', 'src/cli/main.ts', 'const ;']
	])(
		'that fails at %s leaves both as they were',
		async (_what, name, wrong) => {
			const before = [await identity('build'), await identity('dist'), await built(), await packed()];
			const right = await readFile(at(name), 'utf8');
			await project.write({ [name]: wrong });
			const { code, output } = await build();
			expect([code, output]).toEqual([1, expect.stringContaining('left in place')]);
			expect([await identity('build'), await identity('dist'), await built(), await packed()]).toEqual(
				before
			);
			expect(await leftovers()).toEqual([]);
			await project.write({ [name]: right });
		},
		TIMEOUT_MS
	);

	it(
		'--application makes the application only',
		async () => {
			await project.write({
				'src/routes/+page.svelte': page('The second page'),
				'src/cli/main.ts': "console.log('second');\n"
			});
			const dist = await identity('dist');
			const { code, output } = await build('--application');
			expect([code, output]).toEqual([0, expect.any(String)]);
			expect(await built()).toContain('The second page');
			expect(await built()).not.toContain('The first page');
			expect([await identity('dist'), await packed()]).toEqual([dist, expect.stringContaining('first')]);
		},
		TIMEOUT_MS
	);
});

import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#lib/server/error.ts';
import { builtFolder, packageRoot } from './package-root.ts';
import { remark } from './terminal.ts';

/** What the built application is made from. */
const INPUTS = ['src', 'static', 'package.json', 'svelte.config.js', 'vite.config.ts'];

/**
 * Builds the application when it is not built or older than its sources. An installed package has no sources and comes
 * built.
 * @throws AppError `invalid_config` when the build fails; its output has been shown.
 */
export async function buildIfNeeded(): Promise<void> {
	const root = packageRoot();
	if (!existsSync(join(root, 'src'))) return;
	const handler = join(builtFolder(), 'handler.js');
	const builtAt = existsSync(handler) ? statSync(handler).mtimeMs : -Infinity;
	if ((await newest(INPUTS.map((name) => join(root, name)))) <= builtAt) return;
	remark('Building the application ...');
	await build(root);
}

/** Newest moment of change in files and, all the way down, in folders; in milliseconds. */
async function newest(paths: readonly string[]): Promise<number> {
	const moments = await Promise.all(
		paths.map(async (path) => {
			if (!existsSync(path)) return -Infinity;
			const found = await stat(path);
			if (!found.isDirectory()) return found.mtimeMs;
			const names = await readdir(path);
			return Math.max(found.mtimeMs, await newest(names.map((name) => join(path, name))));
		})
	);
	return Math.max(-Infinity, ...moments);
}

async function build(root: string): Promise<void> {
	if (!existsSync(join(root, 'node_modules/vite'))) {
		throw new AppError('invalid_config', 'Run "npm install" first.');
	}
	const child = spawn(process.execPath, [join(root, 'scripts/build.ts'), '--application'], {
		cwd: root,
		stdio: ['ignore', 'pipe', 'pipe']
	});
	let output = '';
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
	child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
	const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
	if (code === 0) return;
	process.stderr.write(output);
	throw new AppError('invalid_config', 'The application could not be built; see above.');
}

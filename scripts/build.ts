import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * `npm run build`: the application in build/ and, without `--application`, the package in dist/. Each is made in a folder of
 * its own, and takes its place only when all is complete: servers run on, and what fails or is stopped leaves things as they were.
 */
const root = join(import.meta.dirname, '..');
const modules = join(root, 'node_modules');

/** Only what a server needs, and quietly: for the start of one. */
const isApplicationOnly = process.argv.includes('--application');

/** What makes each folder in another one. */
const parts = [
	{
		place: 'build',
		make: (fresh: string) =>
			// The adapter in svelte.config.js reads its folder there: Vite passes no argument on.
			run(
				[join(modules, 'vite/bin/vite.js'), 'build', ...(isApplicationOnly ? ['--logLevel', 'warn'] : [])],
				{ BUILD_FOLDER: fresh }
			)
	},
	{
		place: 'dist',
		make: (fresh: string) => run([join(modules, 'tsdown/dist/run.mjs'), '--out-dir', fresh])
	}
].slice(0, isApplicationOnly ? 1 : 2);

/** Runs a script to its end; what it says is seen as it comes. */
async function run(command: readonly string[], env: Record<string, string> = {}): Promise<void> {
	const child = spawn(process.execPath, command, {
		cwd: root,
		env: { ...process.env, ...env },
		stdio: 'inherit'
	});
	const stop = (signal: NodeJS.Signals) => child.kill(signal);
	process.on('SIGINT', stop).on('SIGTERM', stop);
	const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
	process.off('SIGINT', stop).off('SIGTERM', stop);
	if (code !== 0) throw new Error(`${command[0]} ended with ${String(code)}`);
}

/** Beside its place, so that it can be moved there, and as deep: source maps name their files by relative paths. */
const freshFolder = (place: string) => `.${place}-${process.pid}`;

/** Puts a folder in the place of another in two moves, between which there is neither. */
async function replace(place: string): Promise<void> {
	const [fresh, old] = [join(root, freshFolder(place)), join(root, `${freshFolder(place)}-old`)];
	const isThere = existsSync(join(root, place));
	if (isThere) await rename(join(root, place), old);
	try {
		await rename(fresh, join(root, place));
	} catch (error) {
		if (isThere) await rename(old, join(root, place));
		throw error;
	}
	await rm(old, { recursive: true, force: true });
}

try {
	for (const { place, make } of parts) await make(freshFolder(place));
	for (const { place } of parts) await replace(place);
} catch (error) {
	console.error(`The build failed, and what was there has been left in place: ${(error as Error).message}`);
	process.exitCode = 1;
} finally {
	for (const { place } of parts) {
		await rm(join(root, freshFolder(place)), { recursive: true, force: true });
	}
}

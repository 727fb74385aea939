import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);

const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync'
];

/** Names under which a system's own Chromium or Chrome is found in the PATH. */
const SYSTEM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Starts a headless Chromium for a test; close it with `await using browser = await openBrowser()`.
 * Looks in this order: the `CHROMIUM_PATH` setting, Playwright's own download, the system's, the npm package
 * `@sparticuz/chromium`, so that a machine with nothing but npm can run the browser tests.
 */
export async function openBrowser(): Promise<Browser> {
	const installed = installedChromium();
	if (installed) return chromium.launch({ executablePath: installed, args: FLAGS });
	const { executablePath, env } = await packagedChromium();
	return chromium.launch({ executablePath, env, args: FLAGS });
}

function installedChromium(): string | undefined {
	const chosen = process.env.CHROMIUM_PATH;
	if (chosen) return chosen;
	const own = chromium.executablePath();
	if (existsSync(own)) return own;
	const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
	return SYSTEM_NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/**
 * The browser of `@sparticuz/chromium`, unpacked once per version below node_modules. The package itself unpacks into
 * the temp folder under fixed names, where two test processes would start a half-written file: so it unpacks into a
 * fresh folder here, which then takes its final name in one step.
 */
async function packagedChromium(): Promise<{ executablePath: string; env: Record<string, string> }> {
	const modules = join(import.meta.dirname, '../../node_modules');
	const { version } = JSON.parse(
		await readFile(join(modules, '@sparticuz/chromium/package.json'), 'utf8')
	) as { version: string };
	const cache = join(modules, '.cache');
	const home = join(cache, `chromium-${version}`);
	if (!existsSync(home)) {
		await mkdir(cache, { recursive: true });
		const fresh = await mkdtemp(join(cache, 'unpacking-'));
		await unpack(fresh, home);
		try {
			await rename(fresh, home);
		} catch (error) {
			// Another process was faster: its copy is as good.
			await rm(fresh, { recursive: true, force: true });
			if (!existsSync(home)) throw error;
		}
	}
	const env = Object.fromEntries(
		Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
	);
	// The package carries the shared libraries that a bare machine lacks (NSS above all), and a font.
	env.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, join(home, 'al2023/lib')].filter(Boolean).join(':');
	env.FONTCONFIG_FILE = join(home, 'fonts/fonts.conf');
	return { executablePath: join(home, 'chromium'), env };
}

/** @param home where the folder will be in the end: fontconfig wants to know. */
async function unpack(folder: string, home: string): Promise<void> {
	await run(
		process.execPath,
		[
			'--input-type=module',
			'--eval',
			'import chromium from "@sparticuz/chromium"; await chromium.executablePath();'
		],
		{
			cwd: join(import.meta.dirname, '../..'),
			// The second setting makes it unpack its shared libraries too.
			env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }
		}
	);
	await writeFile(
		join(folder, 'fonts/fonts.conf'),
		`<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
	<dir>/usr/share/fonts</dir>
	<dir>${join(home, 'fonts')}</dir>
	<cachedir>${join(home, 'fonts/cache')}</cachedir>
</fontconfig>
`
	);
}

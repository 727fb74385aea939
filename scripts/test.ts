import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Everything that `npm test` promises, to the end even when something fails on the way, with one line of figures last.
 * A failed check counts as one failed test.
 */
const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');

/** Children find our own Node and tools first, also when this was not started through npm. */
const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };

interface Counts {
	passed: number;
	failed: number;
}

/** Runs one of package.json's scripts or a tool; gives its exit code. */
function run(name: string, ...args: string[]): Promise<number> {
	const child = spawn(name, args, { cwd: root, env, stdio: 'inherit', shell: process.platform === 'win32' });
	return new Promise((done, fail) => {
		child.once('error', fail);
		child.once('close', (code) => done(code ?? 1));
	});
}

async function check(name: string): Promise<Counts> {
	const failed = (await run('npm', 'run', '--silent', name)) === 0 ? 0 : 1;
	if (failed) console.error(`npm run ${name} failed`);
	return { passed: 0, failed };
}

async function runTests(filters: readonly string[]): Promise<Counts> {
	const folder = await mkdtemp(join(tmpdir(), 'citelight-test-'));
	try {
		const report = join(folder, 'report.json');
		const code = await run(
			'vitest',
			'run',
			'--reporter=default',
			'--reporter=json',
			`--outputFile.json=${report}`,
			...filters
		);
		const counts = await readCounts(report);
		// Something outside a test failed: a file that does not load, an unhandled rejection.
		if (code !== 0 && counts.failed === 0) counts.failed = 1;
		return counts;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function readCounts(report: string): Promise<Counts> {
	try {
		const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8')) as {
			numPassedTests: number;
			numFailedTests: number;
		};
		return { passed: numPassedTests, failed: numFailedTests };
	} catch {
		return { passed: 0, failed: 0 };
	}
}

const results = [
	await check('build'),
	await check('lint'),
	await check('check'),
	await runTests(process.argv.slice(2))
];
const passed = results.reduce((sum, counts) => sum + counts.passed, 0);
const failed = results.reduce((sum, counts) => sum + counts.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

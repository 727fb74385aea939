import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { LoopDelay } from './loop-monitor.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'src/cli/main.ts');
const readyTimeout_ms = 120_000;

/** Settings of a started process: none of the machine's own get in, and none from a file. */
function environment(settings: Record<string, string>): Record<string, string> {
	return { PATH: process.env.PATH ?? '', HOME: tmpdir(), HOST: '127.0.0.1', PORT: '0', ...settings };
}

/**
 * Runs a command of the command line to its end.
 * @throws with its own words when it fails.
 */
export async function runCommand(args: readonly string[], dataFolder: string): Promise<void> {
	await promisify(execFile)(process.execPath, [main, ...args], {
		cwd: dataFolder,
		env: environment({ DATA_DIR: dataFolder }),
		maxBuffer: 64 * 1024 * 1024
	});
}

/** The built application in a process of its own. */
export interface App extends AsyncDisposable {
	readonly url: string;
	/** From the start of the process to the first `/readyz` that answers 200. */
	readonly ready_ms: number;
	/** All that it has written so far. */
	output(): string;
	/** Resident memory, in megabytes. */
	residentMegabytes(): Promise<number>;
	/** Forgets the delays so far. */
	startMonitor(): void;
	/** Delays of the event loop inside the application since `startMonitor`. */
	readMonitor(): Promise<LoopDelay>;
}

/** Starts the built application on a data folder and waits until it is ready. */
export async function startApp(dataFolder: string, settings: Record<string, string> = {}): Promise<App> {
	const monitor = join(import.meta.dirname, 'loop-monitor.ts');
	const startedAt = performance.now();
	const child = spawn(process.execPath, ['--max-semi-space-size=16', '--import', monitor, main, 'serve'], {
		cwd: dataFolder,
		env: environment({ ...settings, DATA_DIR: dataFolder }),
		stdio: ['ignore', 'pipe', 'pipe', 'ipc']
	});
	const closed = new Promise<void>((done) => child.once('close', () => done()));
	const stop = async () => {
		child.kill('SIGKILL');
		await closed;
	};
	try {
		let output = '';
		const read = (text: string) => (output += text);
		child.stdout?.setEncoding('utf8').on('data', read);
		child.stderr?.setEncoding('utf8').on('data', read);
		const url = await listening(child, () => output);
		while ((await fetch(`${url}/readyz`)).status !== 200) {
			if (performance.now() - startedAt > readyTimeout_ms)
				throw new Error('The application does not get ready.');
			await wait(5);
		}
		return {
			url,
			ready_ms: performance.now() - startedAt,
			output: () => output,
			async residentMegabytes() {
				const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(child.pid)]);
				return Math.round((Number(stdout) * 1024) / 1e6);
			},
			startMonitor: () => void child.send('start'),
			readMonitor: () =>
				new Promise((done) => {
					child.once('message', (message) => done(message as LoopDelay));
					child.send('read');
				}),
			[Symbol.asyncDispose]: stop
		};
	} catch (thrown) {
		await stop();
		throw thrown;
	}
}

function listening(child: ChildProcess, output: () => string): Promise<string> {
	return new Promise((done, fail) => {
		const read = () => {
			const url = /listening on (http:\/\/\S+)/.exec(output())?.[1];
			if (url) done(url);
		};
		child.stdout?.on('data', read);
		child.stderr?.on('data', read);
		child.once('error', fail);
		child.once('close', (code) => fail(new Error(`The application ended with ${code}:\n${output()}`)));
	});
}

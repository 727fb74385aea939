import { fork } from 'node:child_process';

/** The child's answer, or what went wrong in it. */
type Answer = { result: unknown } | { failure: string };

/**
 * Does a piece of work in a process of its own, so that nobody's memory or compiled code counts for another.
 * @param file a module that calls `answerParent`
 * @param input goes to it as JSON
 * @throws with the child's own words when it fails.
 */
export function runIsolated<T>(file: string, input: object): Promise<T> {
	const child = fork(file, [JSON.stringify(input)], {
		execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
		stdio: ['ignore', 'ignore', 'inherit', 'ipc']
	});
	return new Promise((done, fail) => {
		let answer: Answer | undefined;
		child.once('message', (message) => (answer = message as Answer));
		child.once('error', fail);
		child.once('close', (code) => {
			if (answer && 'result' in answer) done(answer.result as T);
			else fail(new Error(answer?.failure ?? `${file} ended with ${code}.`));
		});
	});
}

/** The other side of `runIsolated`. */
export async function answerParent<Input>(work: (input: Input) => Promise<unknown>): Promise<void> {
	let answer: Answer;
	try {
		answer = { result: await work(JSON.parse(process.argv[2] ?? 'null') as Input) };
	} catch (thrown) {
		answer = { failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
	}
	process.send?.(answer, () => process.exit(0));
}

/** Resident memory after a collection, in megabytes. */
export function residentMegabytes(): number {
	global.gc?.();
	return Math.round(process.memoryUsage.rss() / 1e6);
}

/** The most this process ever had resident, in megabytes. */
export function peakMegabytes(): number {
	return Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A server in a process of its own. */
export interface Forked extends AsyncDisposable {
	readonly url: string;
}

/** Starts a script of this folder that says its port when it listens. */
export async function startForked(script: string, ...args: string[]): Promise<Forked> {
	const child = fork(join(import.meta.dirname, script), args);
	const [port] = (await once(child, 'message')) as [number];
	return {
		url: `http://127.0.0.1:${port}`,
		async [Symbol.asyncDispose]() {
			const closed = once(child, 'close');
			child.kill('SIGKILL');
			await closed;
		}
	};
}

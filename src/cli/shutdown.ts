import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { onStopSignal } from './stop-signal.ts';

/**
 * Emitted on `process` when the server stops. Listeners get a function to hand in a promise that is waited for: the
 * application ends its runs and closes its store. The built application is another bundle, so they meet here.
 */
export const SHUTDOWN_EVENT = 'citelight:shutdown';

/** What a listener of the event is called with. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** How long the application may take to store the traces of its last answers, in milliseconds. */
const FINISH_TIMEOUT_MS = 2000;

/** How long last words may take to reach their readers, in milliseconds; then watchers who never leave are cut off. */
const FLUSH_TIMEOUT_MS = 1000;

/**
 * On SIGINT or SIGTERM: the application is not ready any more and refuses questions, answers that are being written come to
 * their end or to the end of the grace time, then connections are closed and the process exits with 0. Until then
 * connections are taken, so that whoever asks is told. A second signal exits at once.
 * @param graceMs that the application gives its answers, in milliseconds.
 */
export function shutDownOnSignal(server: Server, graceMs: number): void {
	onStopSignal(() => void shutDown(server, graceMs).then(() => process.exit(0)));
}

async function shutDown(server: Server, graceMs: number): Promise<void> {
	const work: Promise<unknown>[] = [];
	// Kit's adapter has its own event of this kind, but only for its own server.
	(process as NodeJS.EventEmitter).emit(SHUTDOWN_EVENT, ((promise) => work.push(promise)) as WaitUntil);
	await Promise.race([Promise.allSettled(work), wait(graceMs + FINISH_TIMEOUT_MS)]);
	const closed = new Promise<void>((resolve) => server.close(() => resolve()));
	// A connection that is busy becomes idle at some moment: look again until all are closed.
	const sweep = setInterval(() => server.closeIdleConnections(), 20);
	await Promise.race([closed, wait(FLUSH_TIMEOUT_MS)]);
	clearInterval(sweep);
	server.closeAllConnections();
	await closed;
}

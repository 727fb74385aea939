import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Emitted on `process` when the server stops. Listeners get a function to hand in a promise that is waited for: the
 * application ends its runs and closes its store. The built application is another bundle, so they meet here.
 */
export const SHUTDOWN_EVENT = 'citelight:shutdown';

/** What a listener of the event is called with. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** How long the application may take to end its answers and store their traces, in milliseconds. */
const FINISH_TIMEOUT_MS = 10_000;

/** How long last words may take to reach their readers, in milliseconds; then watchers who never leave are cut off. */
const FLUSH_TIMEOUT_MS = 1000;

/**
 * On SIGINT or SIGTERM: takes no new connections, lets the application end its answers, then exits with 0.
 * A second signal exits at once.
 */
export function shutDownOnSignal(server: Server): void {
	let stopping = false;
	const onSignal = (signal: NodeJS.Signals) => {
		if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143);
		stopping = true;
		void shutDown(server).then(() => process.exit(0));
	};
	process.on('SIGINT', onSignal);
	process.on('SIGTERM', onSignal);
}

async function shutDown(server: Server): Promise<void> {
	const closed = new Promise<void>((resolve) => server.close(() => resolve()));
	const work: Promise<unknown>[] = [];
	// Kit's adapter has its own event of this kind, but only for its own server.
	(process as NodeJS.EventEmitter).emit(SHUTDOWN_EVENT, ((promise) => work.push(promise)) as WaitUntil);
	await Promise.race([Promise.allSettled(work), wait(FINISH_TIMEOUT_MS)]);
	// A connection that is busy becomes idle at some moment: look again until all are closed.
	const sweep = setInterval(() => server.closeIdleConnections(), 20);
	await Promise.race([closed, wait(FLUSH_TIMEOUT_MS)]);
	clearInterval(sweep);
	server.closeAllConnections();
	await closed;
}

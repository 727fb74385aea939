import type { Server } from 'node:http';

/**
 * Emitted on `process` when the server stops. Listeners get a function to hand in a promise that is waited for: the
 * application ends its runs and closes its store. The built application is another bundle, so they meet here.
 */
export const SHUTDOWN_EVENT = 'citelight:shutdown';

/** What a listener of the event is called with. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** Longest whole shutdown, in milliseconds; then what is still open is cut. */
const SHUTDOWN_TIMEOUT_MS = 10_000;

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
	const deadline = setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS);
	await Promise.race([
		Promise.allSettled(work),
		new Promise((resolve) => setTimeout(resolve, SHUTDOWN_TIMEOUT_MS))
	]);
	server.closeIdleConnections();
	// A connection that was busy a moment ago becomes idle only now and then: look again until all are closed.
	const sweep = setInterval(() => server.closeIdleConnections(), 50);
	await closed;
	clearInterval(sweep);
	clearTimeout(deadline);
}

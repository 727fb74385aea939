import type { Server, ServerResponse } from 'node:http';

/** Looks in one timeout, so that a reader is dropped within a quarter more than the timeout. */
const LOOKS = 4;

/**
 * Disconnects readers that take nothing of what waits for them. The operating system buffers some megabytes of a
 * connection, we about what goes into one write; beyond that a stream's producer waits, and nothing else would ever end that.
 * Whoever listens to the same answer on another connection, or comes back for it, is not concerned.
 * @param timeoutMs without a byte taken, in milliseconds.
 */
export function dropStalledReaders(server: Server, timeoutMs: number): void {
	const open = new Map<ServerResponse, { taken: number; since: number }>();
	server.on('request', (_request, response) => {
		open.set(response, { taken: 0, since: performance.now() });
		response.once('close', () => open.delete(response));
	});
	const look = () => {
		const now = performance.now();
		for (const [response, last] of open) {
			const { socket } = response;
			if (!socket) {
				// Sent ahead of its turn, on a connection that is gone: nothing else tells of that.
				if (response.req.socket.destroyed) open.delete(response);
				continue;
			}
			const taken = socket.bytesWritten - socket.writableLength;
			// Nothing waits, or something was taken: the silence begins anew.
			if (response.writableLength + socket.writableLength === 0 || taken !== last.taken) {
				open.set(response, { taken, since: now });
			} else if (now - last.since >= timeoutMs) {
				socket.destroy();
			}
		}
	};
	const timer = setInterval(look, Math.max(1, timeoutMs / LOOKS));
	timer.unref();
	server.once('close', () => clearInterval(timer));
}

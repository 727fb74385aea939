import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that may have been sent ahead of their turn on one connection; who sends more is disconnected. */
const MOST_WAITING = 32;

/**
 * Begins a request when the one before it on the same connection has been answered. Node begins all that were sent ahead
 * (pipelining) at once, although their answers can only go out in order: so one connection could keep many at work, and of
 * those whose turn had not come nobody is told when the connection is gone.
 */
export function oneAtATime(listener: RequestListener): RequestListener {
	const lines = new WeakMap<Socket, (() => void)[]>();
	return (request, response) => {
		const { socket } = request;
		const begin = () => {
			response.once('close', () => {
				const next = lines.get(socket)?.shift();
				if (next && !socket.destroyed) next();
				else lines.delete(socket);
			});
			listener(request, response);
		};
		const line = lines.get(socket);
		if (!line) {
			lines.set(socket, []);
			begin();
		} else if (line.length < MOST_WAITING) {
			line.push(begin);
		} else {
			socket.destroy();
		}
	};
}

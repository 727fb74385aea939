/** The part of a Node socket that tells when the connection is gone. */
export interface ClosingSocket {
	destroyed: boolean;
	remoteAddress?: string | undefined;
	once(event: 'close', listener: () => void): unknown;
	off(event: 'close', listener: () => void): unknown;
}

/**
 * Does a piece of work with a signal that fires when the client leaves. A request whose body was read to its end does not
 * notice it by itself in SvelteKit 2, so its socket is watched as long as the work takes.
 * @param socket of the connection, where the platform has one.
 */
export async function withClientSignal<T>(
	request: Request,
	socket: ClosingSocket | undefined,
	work: (signal: AbortSignal) => Promise<T>
): Promise<T> {
	if (!socket) return work(request.signal);
	const gone = new AbortController();
	const onClose = () => gone.abort();
	if (socket.destroyed) onClose();
	socket.once('close', onClose);
	try {
		return await work(AbortSignal.any([request.signal, gone.signal]));
	} finally {
		socket.off('close', onClose);
	}
}

import type { CitelightClient } from '#lib/client/index.ts';
import type { TraceSummary } from '#lib/contract/trace.ts';

/** Names the lock and the channel that the tabs of a browser share. */
const NAME = 'citelight-news';

/** Who wants to know of new traces. */
export interface NewsListener {
	onTrace(trace: TraceSummary): void;
	/** The connection to the server was opened or lost; what happened before it was opened may have been missed. */
	onConnection(isOpen: boolean): void;
}

/** What tabs say to each other. */
type Message = { trace: TraceSummary } | { isOpen: boolean } | 'is it open?';

/**
 * Follows new traces until the signal fires, over one connection for all tabs of a browser: over HTTP/1.1 it keeps six to a
 * server, and six dashboards would leave none for a question. One tab holds the lock, listens and tells the others; when
 * it goes, another takes its place. Where there are no locks (in pages over plain HTTP from elsewhere) each listens itself.
 * Returns when the server cannot be followed any more.
 */
export async function followNews(
	client: CitelightClient,
	listener: NewsListener,
	signal: AbortSignal
): Promise<void> {
	if (!('locks' in navigator)) return listen(client, listener, signal);
	const channel = new BroadcastChannel(NAME);
	channel.onmessage = ({ data }: MessageEvent<Message>) => {
		if (data === 'is it open?') return;
		if ('trace' in data) listener.onTrace(data.trace);
		else listener.onConnection(data.isOpen);
	};
	try {
		const wasFirst = await navigator.locks.request(NAME, { ifAvailable: true }, async (lock) => {
			if (lock) await listenForAll(client, listener, signal, channel);
			return lock !== null;
		});
		if (wasFirst) return;
		post(channel, 'is it open?');
		await navigator.locks.request(NAME, { signal }, async () => {
			// The tab that listened is gone: until this one is connected, no tab hears of traces.
			post(channel, { isOpen: false });
			listener.onConnection(false);
			await listenForAll(client, listener, signal, channel);
		});
	} finally {
		channel.close();
	}
}

async function listenForAll(
	client: CitelightClient,
	listener: NewsListener,
	signal: AbortSignal,
	channel: BroadcastChannel
): Promise<void> {
	let isOpen = false;
	channel.onmessage = ({ data }: MessageEvent<Message>) => {
		if (data === 'is it open?') post(channel, { isOpen });
	};
	const told: NewsListener = {
		onTrace(trace) {
			post(channel, { trace });
			listener.onTrace(trace);
		},
		onConnection(open) {
			isOpen = open;
			post(channel, { isOpen });
			listener.onConnection(open);
		}
	};
	await listen(client, told, signal);
}

async function listen(client: CitelightClient, listener: NewsListener, signal: AbortSignal): Promise<void> {
	const onConnection = (isOpen: boolean) => listener.onConnection(isOpen);
	for await (const trace of client.traces.live({ signal, onConnection })) listener.onTrace(trace);
}

function post(channel: BroadcastChannel, message: Message): void {
	channel.postMessage(message);
}

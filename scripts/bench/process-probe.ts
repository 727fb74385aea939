import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { queryObjects } from 'node:v8';

/** What a process holds at one moment. */
export interface ProcessState {
	/** Handles that keep the event loop alive, by kind: sockets, timers, requests to the file system. */
	resources: Record<string, number>;
	/** Open file descriptors; null where the system does not tell. */
	descriptors: number | null;
	/** In bytes; after a collection when it was asked for and the process was started with `--expose-gc`. */
	heap_bytes: number;
	/** Memory outside the heap that objects in it hold. */
	external_bytes: number;
	resident_bytes: number;
	/** Names of warnings so far, such as `MaxListenersExceededWarning`. */
	warnings: string[];
	/** On the process itself. */
	listeners: number;
	/** Objects that are alive; only known after a collection. */
	abort_signals: number | null;
	unhandled_rejections: number;
}

/** Path under which the state after collections is told; every other one tells it as it is. */
const COLLECTED = '/collected';
const COLLECTIONS = 15;
/** Finalisers get their turn only when the loop is idle. */
const PAUSE_MS = 100;

const warnings: string[] = [];
let rejections = 0;

// Loaded into the application by `--import`, so that it is looked at from inside; answers over HTTP, at the address that it prints.
process.on('warning', ({ name }) => {
	if (name !== 'ExperimentalWarning') warnings.push(name);
});
process.on('unhandledRejection', () => (rejections += 1));

const server = createServer(async ({ url }, response) => {
	const isCollected = url === COLLECTED;
	// What weak references and finalisers still hold goes only in later turns of the event loop. The last resort also gives
	// back pages that are empty, which are otherwise kept for the next need and look like a leak from outside.
	for (let turn = 0; isCollected && turn < COLLECTIONS; turn += 1) {
		global.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
		await wait(PAUSE_MS);
	}
	const { heapUsed, rss, external } = process.memoryUsage();
	const state: ProcessState = {
		resources: activeResources(),
		descriptors: openDescriptors(),
		heap_bytes: heapUsed,
		external_bytes: external,
		resident_bytes: rss,
		warnings,
		listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
		abort_signals: isCollected ? queryObjects(AbortSignal, { format: 'count' }) : null,
		unhandled_rejections: rejections
	};
	response.setHeader('connection', 'close');
	response.end(JSON.stringify(state));
});
server.listen(0, '127.0.0.1', () => {
	process.stdout.write(`probe on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
server.unref();

function activeResources(): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
	return counts;
}

function openDescriptors(): number | null {
	try {
		return readdirSync('/proc/self/fd').length;
	} catch {
		return null;
	}
}

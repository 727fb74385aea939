import { untrack } from 'svelte';
import type { CitelightClient } from '#lib/client/index.ts';
import type { Library } from '#lib/contract/library.ts';
import type { Stats } from '#lib/contract/stats.ts';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { holdRows, mergeTrace, waitingCount } from './live.ts';
import { Loader } from './loader.svelte.ts';
import { followNews } from './shared-news.ts';
import { PAGE_SIZE, statsInput, traceListInput, type DashboardView } from './view.ts';

/** News of many traces become one request for the figures, at most this often, in milliseconds. */
const FIGURES_REST_MS = 1000;
/** How often the page asks when the server cannot be followed, in milliseconds. */
const POLL_MS = 10_000;
/** How often everything is fetched anew even so: windows slide, and a server that has died sends no news. */
const REFRESH_MS = 60_000;
/** Polls before it tries to follow again. */
const POLLS_PER_ATTEMPT = 3;

/** How the page hears of new traces. */
export type Liveliness = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'paused';

/** The data of the dashboard: fetched for a view, and kept up to date while the page is looked at. */
export class DashboardFeed {
	readonly stats = new Loader<Stats>();
	/** One row more than a page holds, when there are older ones. */
	readonly traces = new Loader<TraceSummary[]>();
	readonly libraries = new Loader<Library[]>();
	liveliness = $state<Liveliness>('paused');
	/** Traces that came while the page was open. */
	fresh = $state.raw<readonly string[]>([]);
	/** Somebody is pointing at the table: nothing may move under the pointer. */
	#held = $state(false);
	#shown = $state.raw<TraceSummary[]>([]);
	readonly #client: CitelightClient;
	#view: DashboardView;
	#figuresTimer: ReturnType<typeof setTimeout> | undefined;
	/** For each list that is on its way, the news that came meanwhile: it may be older than they are. */
	#meanwhile: readonly TraceSummary[][] = [];

	constructor(client: CitelightClient, view: DashboardView) {
		this.#client = client;
		this.#view = view;
	}

	/** The rows of the table. */
	get rows(): TraceSummary[] {
		return this.#shown.slice(0, PAGE_SIZE);
	}

	/** The cursor of the next page; null on the last one. */
	get olderCursor(): string | null {
		return this.#shown.length > PAGE_SIZE ? (this.rows.at(-1)?.trace_id ?? null) : null;
	}

	/** New traces that wait until the table is let go. */
	get waiting(): number {
		return waitingCount(this.#shown, this.traces.data ?? []);
	}

	/** Fetches everything for a view. */
	show(view: DashboardView): void {
		this.#view = view;
		this.fresh = [];
		untrack(() => {
			void this.#loadFigures();
			void this.#loadTraces().then(() => this.release());
			if (!this.libraries.data) void this.libraries.load(() => this.#client.libraries());
		});
	}

	/** Fetches everything again. */
	refresh(): void {
		void this.#loadFigures();
		void this.#loadTraces().then(() => this.#settle());
	}

	/** Keeps the rows where they are. */
	hold(): void {
		this.#held = true;
	}

	/** Shows what has come meanwhile. */
	release(): void {
		this.#held = false;
		this.#settle();
	}

	/** Follows the server until the signal fires; where that fails it asks from time to time. */
	async follow(signal: AbortSignal): Promise<void> {
		const refresh = setInterval(() => this.refresh(), REFRESH_MS);
		try {
			for (;;) {
				await this.#listen(signal);
				this.liveliness = 'polling';
				for (let poll = 0; poll < POLLS_PER_ATTEMPT; poll++) {
					await pause(POLL_MS, signal);
					this.refresh();
				}
			}
		} catch {
			// Only the signal ends it: whatever the server did wrong has been polled away.
		} finally {
			this.liveliness = 'paused';
			clearInterval(refresh);
			clearTimeout(this.#figuresTimer);
			this.#figuresTimer = undefined;
		}
	}

	/** Returns when the server cannot be followed any more; throws when the signal fires. */
	async #listen(signal: AbortSignal): Promise<void> {
		this.liveliness = 'connecting';
		try {
			const listener = {
				onTrace: (trace: TraceSummary) => this.#take(trace),
				onConnection: (isOpen: boolean) => this.#connected(isOpen)
			};
			await followNews(this.#client, listener, signal);
		} catch {
			signal.throwIfAborted();
		}
	}

	/** What happened before the connection was open is fetched, also what did so since the page was loaded. */
	#connected(isOpen: boolean): void {
		const wasOpen = this.liveliness === 'live';
		this.liveliness = isOpen ? 'live' : 'reconnecting';
		if (isOpen && !wasOpen) this.refresh();
	}

	#take(trace: TraceSummary): void {
		for (const news of this.#meanwhile) news.push(trace);
		this.#merge(trace);
		this.#settle();
		this.#figuresTimer ??= setTimeout(() => {
			this.#figuresTimer = undefined;
			void this.#loadFigures();
		}, FIGURES_REST_MS);
	}

	#merge(trace: TraceSummary): void {
		const known = this.traces.data;
		if (!known) return;
		const isKnown = [...known.map((row) => row.trace_id), ...this.fresh].includes(trace.trace_id);
		if (!isKnown) this.fresh = [...this.fresh, trace.trace_id];
		this.traces.data = mergeTrace(known, trace, this.#view, PAGE_SIZE + 1);
	}

	#settle(): void {
		const latest = this.traces.data ?? [];
		this.#shown = this.#held ? holdRows(this.#shown, latest) : latest;
	}

	#loadFigures(): Promise<void> {
		return this.stats.load(() => this.#client.stats(statsInput(this.#view)));
	}

	async #loadTraces(): Promise<void> {
		const news: TraceSummary[] = [];
		this.#meanwhile = [...this.#meanwhile, news];
		await this.traces.load(() => this.#client.traces.list(traceListInput(this.#view)));
		this.#meanwhile = this.#meanwhile.filter((other) => other !== news);
		for (const trace of news) this.#merge(trace);
	}
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	return new Promise((resolve, reject) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener(
			'abort',
			() => {
				clearTimeout(timer);
				reject(signal.reason);
			},
			{ once: true }
		);
	});
}

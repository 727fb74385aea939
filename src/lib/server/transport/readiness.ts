import type { RunRegistry } from '#lib/server/run/registry.ts';
import { TROUBLE_SENTENCES, type StoreTrouble } from '#lib/server/store/store-trouble.ts';

/** What `GET /readyz` answers; ready when index and accepting are both ok. */
export interface Readiness {
	status: 'ready' | 'not_ready';
	checks: {
		/** Whether anything is indexed. */
		index: { ok: boolean; libraries: number };
		/** Whether new questions are taken; not while shutting down. */
		accepting: { ok: boolean; running: number; queued: number };
		/** Whether traces can be stored. Answers go on without, so it does not decide the status. */
		store: {
			ok: boolean;
			/** Writes that failed since the start. */
			failures: number;
			/** Traces kept in memory until the store works again. */
			traces_waiting: number;
			/** Traces that will never be stored: more were waiting than memory is kept for. */
			traces_lost: number;
			/** Why it fails now; null when it does not. */
			reason: StoreTrouble | null;
			/** The reason in a sentence, with what to do. */
			message: string | null;
		};
	};
}

/** Whether this server can take questions now. */
export function readiness(runs: RunRegistry): Readiness {
	const { libraries, isClosing, running, queued, store } = runs.load();
	const checks = {
		index: { ok: libraries > 0, libraries },
		accepting: { ok: !isClosing, running, queued },
		store: {
			ok: store.trouble === null,
			failures: store.failures,
			traces_waiting: store.waiting,
			traces_lost: store.lost,
			reason: store.trouble,
			message: store.trouble && TROUBLE_SENTENCES[store.trouble]
		}
	};
	return { status: checks.index.ok && checks.accepting.ok ? 'ready' : 'not_ready', checks };
}

import type { RunRegistry } from '#lib/server/run/registry.ts';

/** What `GET /readyz` answers; ready when index and accepting are both ok. */
export interface Readiness {
	status: 'ready' | 'not_ready';
	checks: {
		/** Whether anything is indexed. */
		index: { ok: boolean; libraries: number };
		/** Whether new questions are taken; not while shutting down. */
		accepting: { ok: boolean; running: number; queued: number };
		/** Whether the last trace could be stored, and how many writes have failed. Answers go on without. */
		store: { ok: boolean; failures: number };
	};
}

/** Whether this server can take questions now. */
export function readiness(runs: RunRegistry): Readiness {
	const { libraries, isClosing, running, queued, storeFailures, isStoreFailing } = runs.load();
	const checks = {
		index: { ok: libraries > 0, libraries },
		accepting: { ok: !isClosing, running, queued },
		store: { ok: !isStoreFailing, failures: storeFailures }
	};
	return { status: checks.index.ok && checks.accepting.ok ? 'ready' : 'not_ready', checks };
}

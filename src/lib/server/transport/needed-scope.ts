import type { Scope } from '#lib/server/config/api-keys.ts';

/**
 * What a caller needs, by the first part of the path: a page and what is `open` need nothing; behind `trpc` each procedure
 * says for itself whether it needs more than `ask`.
 */
const NEEDED: Readonly<Record<string, 'page' | 'open' | Scope>> = {
	'': 'page',
	dashboard: 'page',
	login: 'page',
	livez: 'open',
	readyz: 'open',
	session: 'open',
	ask: 'ask',
	search: 'ask',
	libraries: 'ask',
	feedback: 'ask',
	trpc: 'ask',
	traces: 'admin',
	stats: 'admin'
};

/** Where even a GET starts, continues or keeps up an answer. */
const SPENDING = new Set(['ask', 'trpc']);

/** What the gate knows of a path. */
export interface Place {
	kind: 'page' | 'api';
	/** Null where no key is asked for. */
	scope: Scope | null;
	/** Whether a GET may cost something. */
	isSpending: boolean;
}

/**
 * @param routeId the route that will answer, which no way of writing the path can disguise; null when there is none.
 */
export function placeOf(routeId: string | null, pathname: string): Place {
	const first = (routeId ?? pathname).split('/', 2)[1] ?? '';
	// A route that nobody has listed is closed, not open.
	const needed = Object.hasOwn(NEEDED, first) ? NEEDED[first] : routeId === null ? 'page' : 'admin';
	const isOpen = needed === 'page' || needed === 'open' || needed === undefined;
	return {
		kind: needed === 'page' ? 'page' : 'api',
		scope: isOpen ? null : needed,
		isSpending: SPENDING.has(first)
	};
}

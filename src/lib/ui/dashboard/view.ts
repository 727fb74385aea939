import { z } from 'zod';
import { statsWindowSchema, type StatsInput, type StatsWindow } from '#lib/contract/stats.ts';
import { evidenceSchema, traceStatusSchema, type TraceListInput } from '#lib/contract/trace.ts';

/** Rows on a page of the table of traces. */
export const PAGE_SIZE = 25;

/** How each window is offered, and how a sentence names it. */
export const WINDOWS: readonly { window: StatsWindow; label: string; phrase: string }[] = [
	{ window: '1h', label: '1 hour', phrase: 'in the last hour' },
	{ window: '24h', label: '24 hours', phrase: 'in the last 24 hours' },
	{ window: '7d', label: '7 days', phrase: 'in the last 7 days' },
	{ window: 'all', label: 'All', phrase: 'so far' }
];

/** What a value of the address falls back to when it is missing or makes no sense. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const viewSchema = z.object({
	window: statsWindowSchema.catch('all'),
	/** `null` (the word) selects the questions over all libraries. */
	library: optional(z.string().min(1).max(200)),
	status: optional(traceStatusSchema),
	evidence: optional(evidenceSchema),
	/** Part of the question. */
	q: optional(z.string().trim().min(1).max(200)),
	min_ms: optional(z.coerce.number().positive()),
	/** Cursor: the trace after which the page of the table starts. */
	before: optional(z.string().min(1).max(100))
});

/** What the dashboard is showing. It lives in the address, so that it can be shared and gone back to. */
export type DashboardView = z.infer<typeof viewSchema>;

export function readView(parameters: URLSearchParams): DashboardView {
	return viewSchema.parse(Object.fromEntries(parameters));
}

/**
 * The query string (with its `?`) of a view after a change. A change to any filter goes back to the newest traces,
 * because a cursor belongs to the list it was made from.
 */
export function viewQuery(view: DashboardView, change: Partial<DashboardView> = {}): string {
	const next = { ...view, before: undefined, ...change };
	const parameters = new URLSearchParams();
	for (const [key, value] of Object.entries(next)) {
		if (value === undefined || value === '') continue;
		if (key === 'window' && value === 'all') continue;
		parameters.set(key, String(value));
	}
	return `?${parameters.toString()}`;
}

export function statsInput({ window, library }: DashboardView): StatsInput {
	return { window, library };
}

/** Asks for one row more than is shown: whether it comes says whether there are older ones. */
export function traceListInput(view: DashboardView): TraceListInput {
	const { library, status, evidence, q, min_ms, before } = view;
	return { limit: PAGE_SIZE + 1, library, status, evidence, q, min_ms, before };
}

/** Whether the list of traces is narrowed by anything. */
export function isFiltered({ library, status, evidence, q, min_ms }: DashboardView): boolean {
	return [library, status, evidence, q, min_ms].some((value) => value !== undefined);
}

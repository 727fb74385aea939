import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statsInputSchema, statsWindowSchema } from '#lib/contract/stats.ts';
import { traceListInputSchema, traceStatusSchema } from '#lib/contract/trace.ts';
import {
	isFiltered,
	PAGE_SIZE,
	readView,
	statsInput,
	traceListInput,
	viewQuery,
	type DashboardView
} from '#lib/ui/dashboard/view.ts';

const read = (query: string) => readView(new URLSearchParams(query));

const views: fc.Arbitrary<DashboardView> = fc.record({
	window: fc.constantFrom(...statsWindowSchema.options),
	library: fc.option(fc.string({ minLength: 1, maxLength: 200 }), { nil: undefined }),
	status: fc.option(fc.constantFrom(...traceStatusSchema.options), { nil: undefined }),
	q: fc.option(
		fc.string({ minLength: 1, maxLength: 200 }).map((text) => text.trim() || 'x'),
		{ nil: undefined }
	),
	min_ms: fc.option(fc.integer({ min: 1, max: 1e7 }), { nil: undefined }),
	before: fc.option(fc.uuid(), { nil: undefined })
});

describe('the view in the address', () => {
	it('is read back as it was written', () => {
		fc.assert(
			fc.property(views, (view) => {
				expect(read(viewQuery(view, { before: view.before }))).toEqual(view);
			})
		);
	});

	it('shows everything when the address says nothing', () => {
		const view = read('');
		expect(view).toEqual({ window: 'all' });
		expect(viewQuery(view)).toBe('?');
		expect(isFiltered(view)).toBe(false);
	});

	it('takes no harm from an address that makes no sense', () => {
		expect(read('?window=2h&status=fine&min_ms=-3&q=%20&library=&before=')).toEqual({ window: 'all' });
	});

	it('goes back to the newest traces when a filter changes, because a cursor belongs to its list', () => {
		const view = read('?before=abc&q=post');
		expect(viewQuery(view, { status: 'error' })).toBe('?q=post&status=error');
		expect(viewQuery(view, { before: 'def' })).toBe('?q=post&before=def');
	});

	it('always asks the server for something that it accepts', () => {
		fc.assert(
			fc.property(views, (view) => {
				expect(statsInputSchema.safeParse(statsInput(view)).success).toBe(true);
				expect(traceListInputSchema.parse(traceListInput(view)).limit).toBe(PAGE_SIZE + 1);
			})
		);
	});
});

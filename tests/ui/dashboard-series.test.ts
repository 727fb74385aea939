import { describe, expect, it } from 'vitest';
import type { SeriesPoint } from '#lib/contract/stats.ts';
import { libraryChoices } from '#lib/ui/dashboard/libraries.ts';
import {
	bucketWidth,
	lonePoints,
	phasesOf,
	stackPhases,
	tickLabel,
	timeExtent,
	timePoints
} from '#lib/ui/dashboard/series.ts';

const point = (minute: number, p95: number | null): SeriesPoint => ({
	start: new Date(Date.UTC(2026, 1, 5, 12, minute)).toISOString(),
	queries: p95 === null ? 0 : 1,
	p50_latency_ms: p95,
	p95_latency_ms: p95,
	avg_rewriting_ms: null,
	avg_retrieval_ms: p95 === null ? null : 40,
	avg_generation_ms: null,
	avg_other_ms: p95 === null ? null : 2
});

describe('the time line', () => {
	it('has no label in its first corner, where those of the other axis are', () => {
		const [start, end] = [new Date('2026-02-05T12:00:00.000Z'), new Date('2026-02-05T13:00:00.000Z')];
		const at = (minute: number) => tickLabel(new Date(start.getTime() + minute * 60_000), [start, end]);
		expect([at(0), at(2)]).toEqual(['', '']);
		expect(at(15)).toMatch(/^\d\d:15$/);
		expect(at(60)).toMatch(/^\d\d:00$/);
	});

	it('reaches to the end of its last bucket', () => {
		const points = timePoints([point(0, 5), point(10, null), point(20, 6)]);
		expect(bucketWidth(points)).toBe(600_000);
		expect(timeExtent(points).map((date) => date.toISOString())).toEqual([
			'2026-02-05T12:00:00.000Z',
			'2026-02-05T12:30:00.000Z'
		]);
	});

	it('has a width even with one bucket', () => {
		const [from, to] = timeExtent(timePoints([point(0, 5)]));
		expect(to.getTime()).toBeGreaterThan(from.getTime());
	});

	it('finds the points that no line reaches, and leaves gaps as they are', () => {
		const points = timePoints([
			point(0, 5),
			point(1, null),
			point(2, 0),
			point(3, 7),
			point(4, null),
			point(5, 8)
		]);
		expect(lonePoints(points, (at) => at.p95_latency_ms).map((at) => at.p95_latency_ms)).toEqual([5, 8]);
	});

	it('stacks the phases that were measured; those without data are not there, rather than 0', () => {
		const [quiet, refused] = timePoints([point(0, null), point(1, 42)]);
		expect(stackPhases(quiet!)).toEqual([]);
		expect(stackPhases(refused!)).toEqual([
			{ phase: 'retrieval', from: 0, to: 40 },
			{ phase: 'other', from: 40, to: 42 }
		]);
	});

	it('has rewriting as its first phase where a follow-up was rewritten', () => {
		const plain = timePoints([point(0, null), point(1, 42)]);
		expect(phasesOf(plain)).toEqual(['retrieval', 'generation', 'other']);
		const rewritten = timePoints([point(0, 42), { ...point(1, 42), avg_rewriting_ms: 7 }]);
		expect(phasesOf(rewritten)).toEqual(['rewriting', 'retrieval', 'generation', 'other']);
		expect(stackPhases(rewritten[1]!)).toEqual([
			{ phase: 'rewriting', from: 0, to: 7 },
			{ phase: 'retrieval', from: 7, to: 47 },
			{ phase: 'other', from: 47, to: 49 }
		]);
	});
});

describe('the choice of libraries', () => {
	it('has those of the index, those that were asked, and the one that is chosen', () => {
		const stats = { queries_per_library: { removed: 3, null: 9 } } as never;
		expect(libraryChoices([{ name: 'python' }, { name: 'fastapi' }], stats, 'shared-link')).toEqual([
			'fastapi',
			'python',
			'removed',
			'shared-link'
		]);
		expect(libraryChoices([], null, undefined)).toEqual([]);
	});
});

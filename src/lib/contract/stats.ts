import { z } from 'zod';
import {
	evidenceSchema,
	refusedBySchema,
	stepNameSchema,
	supportLevelSchema,
	traceStatusSchema
} from './trace.ts';

export const statsWindowSchema = z.enum(['1h', '24h', '7d', 'all']);
export type StatsWindow = z.infer<typeof statsWindowSchema>;

/** Query of `GET /stats`. */
export const statsInputSchema = z.object({
	window: statsWindowSchema.default('all'),
	/** `null` (the word) selects the questions over all libraries. */
	library: z.string().max(200).optional()
});
export type StatsInput = z.input<typeof statsInputSchema>;
export type StatsRequest = z.output<typeof statsInputSchema>;

const milliseconds = z.number().nonnegative().nullable();

const stepStatsSchema = z.object({
	count: z.number().int().nonnegative(),
	avg_ms: milliseconds,
	p50_ms: milliseconds,
	p95_ms: milliseconds,
	p99_ms: milliseconds
});

/** One point of the time line; the buckets are of equal width and without gaps. */
const seriesPointSchema = z.object({
	/** Start of the bucket, ISO 8601 in UTC. */
	start: z.string(),
	queries: z.number().int().nonnegative(),
	p50_latency_ms: milliseconds,
	p95_latency_ms: milliseconds,
	avg_rewriting_ms: milliseconds.default(null),
	avg_retrieval_ms: milliseconds,
	avg_generation_ms: milliseconds,
	/** Average of the rest: total minus rewriting, retrieval and generation. */
	avg_other_ms: milliseconds
});

/**
 * Averages and percentiles are over finished answers (`success`, `refused`); the others are counted in `statuses`.
 * Retrieval is the union of the steps before generation, without waiting for a turn and rewriting a follow-up. Percentiles are nearest-rank. Null means no data, never 0.
 */
export const statsSchema = z.object({
	window: statsWindowSchema,
	/** How far percentiles can be from the true ones, as a share of them; 0 means exact. Counts, sums and averages are always exact. */
	percentile_error: z.number().nonnegative().default(0),
	total_queries: z.number().int().nonnegative(),
	avg_latency_ms: milliseconds,
	avg_rewriting_ms: milliseconds.default(null),
	avg_retrieval_ms: milliseconds,
	avg_generation_ms: milliseconds,
	p50_latency_ms: milliseconds,
	p95_latency_ms: milliseconds,
	p99_latency_ms: milliseconds,
	time_to_first_token_ms: z.object({ p50: milliseconds, p95: milliseconds }),
	/** Keys are library filters; the key `null` counts the questions over all libraries. */
	queries_per_library: z.record(z.string(), z.number().int().nonnegative()),
	statuses: z.partialRecord(traceStatusSchema, z.number().int().nonnegative()),
	steps: z.partialRecord(stepNameSchema, stepStatsSchema),
	tokens: z.object({ prompt: z.number().int().nullable(), completion: z.number().int().nullable() }),
	/** Sum over the queries whose price is known; null when none is. */
	cost_usd: z.number().nonnegative().nullable(),
	unpriced_queries: z.number().int().nonnegative(),
	/** Finished answers whose passages were found by their words alone, because the embeddings endpoint failed. */
	keyword_only_queries: z.number().int().nonnegative().default(0),
	/** Queries by what the evidence gate judged; those that it refused are in `refused_by`. */
	evidence: z.partialRecord(evidenceSchema, z.number().int().nonnegative()).default({}),
	refused_by: z.partialRecord(refusedBySchema, z.number().int().nonnegative()).default({}),
	/** Sentences of answers by how far the words of their sources bear them out. */
	support: z.partialRecord(supportLevelSchema, z.number().int().nonnegative()).default({}),
	/** What takes most of an average answer: null without data. */
	bottleneck: z.enum(['rewriting', 'retrieval', 'generation', 'other']).nullable(),
	feedback: z.object({ up: z.number().int().nonnegative(), down: z.number().int().nonnegative() }),
	series: z.array(seriesPointSchema)
});
export type Stats = z.infer<typeof statsSchema>;
export type SeriesPoint = z.infer<typeof seriesPointSchema>;

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeSettings } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';
import type { ComparedReport } from '#lib/server/evaluation/comparison.ts';

const share = z.number().min(0).max(1);

/** What a comparison needs of a report that `eval --json` wrote. */
const savedReportSchema = z.object({
	models: z.object({ embedder: z.string().nullable(), reranker: z.string() }).optional(),
	off_topic: z
		.object({
			questions: z.number(),
			refused_rightly: z.number(),
			refused_rightly_interval: z.object({ low: share, high: share }).nullable().default(null),
			thin: z.number().default(0),
			doubted_interval: z.object({ low: share, high: share }).nullable().default(null),
			answered_wrongly: z.array(z.string())
		})
		.optional(),
	times: z.record(z.string(), z.object({ count: z.number(), p50_ms: z.number(), p95_ms: z.number() })),
	skipped: z.record(z.string(), z.number()).exactOptional(),
	results: z.array(
		z.object({
			id: z.string().nullable(),
			question: z.string(),
			library: z.string().nullable(),
			scope: z.enum(['library', 'all']),
			first_relevant_rank: z.number().int().positive().nullable(),
			refused: z.boolean(),
			recall_at_5: share,
			recall_at_20: share,
			mrr_at_10: share,
			ndcg_at_10: share,
			// Reports of earlier versions do not have these.
			essential: share.nullable().default(null),
			all_essential: share.nullable().default(null),
			page_hit: share.nullable().default(null)
		})
	)
});

/** What to compare with: an earlier report, or other settings to ask the same questions with. */
export type ComparedWith = { report: string } | { settings: Record<string, string> };

/**
 * Reads the values of `--compare`: `NAME=value`, also several with commas between, or the file of an earlier report.
 * @throws AppError `invalid_request` for an unknown setting, or a mixture of both.
 */
export function parseCompared(values: readonly string[]): ComparedWith {
	const parts = values.flatMap((value) => value.split(/,(?=[A-Z][A-Z0-9_]*=)/));
	const pairs = parts.flatMap((part) => {
		const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(part) ?? [];
		return name === undefined ? [] : [[name, value ?? ''] as const];
	});
	if (pairs.length === 0 && parts.length === 1) return { report: parts[0]! };
	if (pairs.length < parts.length) {
		throw new AppError('invalid_request', '--compare takes one report or NAME=value settings, not both.');
	}
	const known = describeSettings().map(({ name }) => name);
	const unknown = pairs.find(([name]) => !known.includes(name));
	if (unknown) throw new AppError('invalid_request', `--compare: there is no setting ${unknown[0]}.`);
	return { settings: Object.fromEntries(pairs) };
}

/** Settings as a label, without what is secret in them. */
export function labelOf(settings: Readonly<Record<string, string>>): string {
	return Object.entries(settings)
		.map(([name, value]) => `${name}=${/_KEYS?$/.test(name) ? '…' : withoutLogin(value) || '(unset)'}`)
		.join(', ');
}

function withoutLogin(value: string): string {
	return value.replace(/\/\/[^/@]*@/, '//…@');
}

/**
 * Reads a report that `eval --json` wrote.
 * @throws AppError `invalid_request` when there is none.
 */
export async function readReport(path: string): Promise<ComparedReport> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (cause) {
		throw new AppError('invalid_request', `${path} cannot be read.`, { cause });
	}
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new AppError('invalid_request', `${path}: not valid JSON.`, { cause });
	}
	const report = savedReportSchema.safeParse(value);
	if (report.success) return { label: path, ...report.data };
	throw new AppError('invalid_request', `${path} is not a report of eval --json.`, { cause: report.error });
}

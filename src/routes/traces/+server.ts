import { z } from 'zod';
import { subjectSchema } from '#lib/contract/ask.ts';
import { traceListInputSchema } from '#lib/contract/trace.ts';
import { deleteTracesOf } from '#lib/server/run/kept-trace.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import { readQuery } from '#lib/server/transport/query.ts';
import type { RequestEvent } from './$types';

export const GET = withProblems(async ({ url, locals }: RequestEvent) =>
	Response.json(await locals.services.store.list(readQuery(url, traceListInputSchema)))
);

/** Strict, because a filter that is not understood must not delete more than was meant. */
const deletionSchema = z.strictObject(
	{ subject: subjectSchema },
	{ error: 'The query must have a subject and nothing else' }
);

export const DELETE = withProblems(async ({ url, locals }: RequestEvent) => {
	const { subject } = readQuery(url, deletionSchema);
	return Response.json({ deleted: await deleteTracesOf(locals.services, subject) });
});

import { traceListInputSchema } from '#lib/contract/trace.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import { readQuery } from '#lib/server/transport/query.ts';
import type { RequestEvent } from './$types';

export const GET = withProblems(async ({ url, locals }: RequestEvent) =>
	Response.json(await locals.services.store.list(readQuery(url, traceListInputSchema)))
);

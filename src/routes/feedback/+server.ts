import { feedbackInputSchema } from '#lib/contract/trace.ts';
import { rateTrace } from '#lib/server/run/kept-trace.ts';
import { readJson } from '#lib/server/transport/json-body.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

export const POST = withProblems(async ({ request, locals }: RequestEvent) =>
	Response.json(rateTrace(locals.services, await readJson(request, feedbackInputSchema)))
);

import { unknownTrace } from '#lib/server/run/kept-trace.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

export const DELETE = withProblems(async ({ params, locals }: RequestEvent) => {
	const status = await locals.services.runs.cancel(params.trace_id);
	if (!status) throw unknownTrace();
	return Response.json({ trace_id: params.trace_id, status });
});

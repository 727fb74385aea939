import { deleteTrace, findTrace } from '#lib/server/run/kept-trace.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

export const GET = withProblems(({ params, locals }: RequestEvent) =>
	Response.json(findTrace(locals.services, params.trace_id))
);

export const DELETE = withProblems(async ({ params, locals }: RequestEvent) => {
	await deleteTrace(locals.services, params.trace_id);
	return new Response(null, { status: 204 });
});

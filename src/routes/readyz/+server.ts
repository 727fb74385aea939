import { readiness } from '#lib/server/transport/readiness.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

/** Ready for questions: 503 with the failing check otherwise. Calls no model. */
export const GET = withProblems(({ locals }: RequestEvent) => {
	const state = readiness(locals.services.runs);
	return Response.json(state, { status: state.status === 'ready' ? 200 : 503 });
});

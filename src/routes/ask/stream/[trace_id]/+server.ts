import { withProblems } from '#lib/server/transport/problem.ts';
import { lastEventId, resumeResponse } from '#lib/server/transport/run-stream.ts';
import type { RequestEvent } from './$types';

export const GET = withProblems(({ request, url, params, locals }: RequestEvent) => {
	const after = lastEventId(request.headers, url, params.trace_id)?.seq ?? 0;
	return resumeResponse(locals.services.runs, params.trace_id, after, request.signal);
});

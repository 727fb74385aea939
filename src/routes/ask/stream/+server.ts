import { askInputSchema } from '#lib/contract/ask.ts';
import { readJson } from '#lib/server/transport/json-body.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import { lastEventId, resumeResponse, runResponse } from '#lib/server/transport/run-stream.ts';
import type { RequestEvent } from './$types';

export const POST = withProblems(async ({ request, url, locals }: RequestEvent) => {
	const input = await readJson(request, askInputSchema);
	const { runs } = locals.services;
	// Some clients send the question again when their connection was lost: that must not be answered, and paid for, twice.
	const last = lastEventId(request.headers, url);
	if (last) return resumeResponse(runs, last.traceId, last.seq, request.signal, 'empty-stream');
	return runResponse(runs.start(input, 'ask_stream', locals.client), request.signal);
});

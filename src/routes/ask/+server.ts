import { askInputSchema } from '#lib/contract/ask.ts';
import { answerOnce } from '#lib/server/run/answer-once.ts';
import { withClientSignal } from '#lib/server/transport/client-signal.ts';
import { readJson } from '#lib/server/transport/json-body.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

export const POST = withProblems(async ({ request, locals, platform }: RequestEvent) => {
	const input = await readJson(request, askInputSchema);
	const answer = await withClientSignal(request, platform?.req?.socket, (signal) =>
		answerOnce(locals.services.runs, input, 'ask', signal, locals.client)
	);
	return Response.json(answer);
});

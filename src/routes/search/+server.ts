import { searchInputSchema } from '#lib/contract/search.ts';
import { withClientSignal } from '#lib/server/transport/client-signal.ts';
import { readJson } from '#lib/server/transport/json-body.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

export const POST = withProblems(async ({ request, locals, platform }: RequestEvent) => {
	const input = await readJson(request, searchInputSchema);
	locals.services.runs.countSearch(locals.client);
	const found = await withClientSignal(request, platform?.req?.socket, (signal) =>
		locals.services.search(input, signal)
	);
	return Response.json(found);
});

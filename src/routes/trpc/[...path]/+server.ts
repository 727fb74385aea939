import { withClientSignal } from '#lib/server/transport/client-signal.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import { handleTrpc } from '#lib/server/trpc/handler.ts';
import type { RequestEvent } from './$types';

const handle = withProblems(({ request, locals, platform }: RequestEvent) =>
	withClientSignal(request, platform?.req?.socket, (signal) =>
		handleTrpc(request, { services: locals.services, caller: locals.caller, client: locals.client, signal })
	)
);

export { handle as GET, handle as POST };

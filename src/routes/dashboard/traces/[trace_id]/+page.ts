import { error } from '@sveltejs/kit';
import { CitelightError, createCitelightClient } from '#lib/client/index.ts';
import type { PageLoad } from './$types.d.ts';

/** Loads the trace on the server too, so that an unknown one is a real 404. */
export const load: PageLoad = async ({ params, fetch }) => {
	try {
		return { trace: await createCitelightClient({ url: '', fetch }).traces.get(params.trace_id) };
	} catch (thrown) {
		if (!(thrown instanceof CitelightError)) throw thrown;
		error(thrown.status ?? 503, thrown.message);
	}
};

import { error } from '@sveltejs/kit';
import { CitelightError, createCitelightClient } from '#lib/client/index.ts';
import type { PageLoad } from './$types.d.ts';

/** Longest id that the server looks up; a longer one fits into no request of the client. */
const MAX_ID_LENGTH = 100;

/** Loads the trace on the server too, so that an unknown one is a real 404. */
export const load: PageLoad = async ({ params, fetch }) => {
	if (params.trace_id.length > MAX_ID_LENGTH) error(404, 'There is no such trace.');
	try {
		return { trace: await createCitelightClient({ url: '', fetch }).traces.get(params.trace_id) };
	} catch (thrown) {
		if (!(thrown instanceof CitelightError)) throw thrown;
		error(thrown.status ?? 503, thrown.message);
	}
};

import type { LayoutServerLoad } from './$types';

/** Tells the pages whether a key is asked for, and what the reader's is for; never the key. */
export const load: LayoutServerLoad = ({ locals, depends }) => {
	depends('citelight:access');
	return {
		access: {
			isRequired: locals.services.access.isRequired,
			scope: locals.caller?.scope ?? null
		}
	};
};

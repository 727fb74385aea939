import type { z } from 'zod';
import { checkInput } from './invalid-input.ts';

/**
 * The query of a URL, checked against its shape; of a parameter given twice the last counts.
 * @throws AppError `invalid_request` with a sentence that names the parameter.
 */
export function readQuery<Schema extends z.ZodType>(url: URL, schema: Schema): z.output<Schema> {
	return checkInput(schema, Object.fromEntries(url.searchParams), 'The query');
}

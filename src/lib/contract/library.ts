import { z } from 'zod';

/** One row of `GET /libraries`. */
export const librarySchema = z.object({
	name: z.string(),
	documents: z.number().int().nonnegative(),
	chunks: z.number().int().nonnegative(),
	/** When its documents last changed in the index, ISO 8601 in UTC. */
	indexed_at: z.string()
});
export type Library = z.infer<typeof librarySchema>;

import { z } from 'zod';

/**
 * A passage of a document under one heading path: the unit that is indexed, searched and cited.
 * Its keys are the wire names, so that the same object travels from ingest to the browser unmapped.
 */
export const chunkSchema = z.object({
	/** Stable while library, document, position and content are the same. */
	chunk_id: z.string(),
	/** Name of the body of documentation it belongs to. */
	library: z.string(),
	/** Path of the page inside its source folder with forward slashes, or its URL. */
	document: z.string(),
	/** Title of the page. */
	title: z.string(),
	/** Headings above the passage, outermost first; empty before the first heading. */
	heading_path: z.array(z.string()),
	/** Where a reader can open the page, without the anchor; null when the source has no public address. */
	url: z.string().nullable(),
	/** Fragment of the nearest heading as GitHub or Sphinx would make it, without `#`; null at the top of a page. */
	anchor: z.string().nullable(),
	/** The passage as Markdown, about 1,000 characters. */
	text: z.string()
});
export type Chunk = z.infer<typeof chunkSchema>;

/**
 * What was given to the model under one number: one chunk, or several that follow one another under one heading, joined. Numbered from 1 in
 * the order of the prompt. `chunk_id` is the first of `chunk_ids`. Carries no raw scores.
 */
export const sourceSchema = z.object({
	n: z.number().int().positive(),
	...chunkSchema.shape,
	/** Ids of its chunks in reading order. */
	chunk_ids: z.array(z.string()).min(1)
});
export type Source = z.infer<typeof sourceSchema>;

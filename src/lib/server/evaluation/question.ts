import { z } from 'zod';
import { questionSchema } from '#lib/contract/ask.ts';

/** A place in the documentation that states a fact. */
export const snippetSchema = z.object({
	document: z.string().min(1),
	/** Verbatim from the document; compared by letters and digits only (see normal-form.ts). */
	text: z.string().refine((text) => /[\p{L}\p{N}]/u.test(text), 'text must hold a letter or a digit')
});
export type Snippet = z.output<typeof snippetSchema>;

/** What a right answer states. */
export const factSchema = z.object({
	fact: z.string().min(1),
	/** Whether the question stays unanswered without it. */
	essential: z.boolean(),
	/** Places each of which states it. */
	snippets: z.array(snippetSchema).min(1)
});
export type Fact = z.output<typeof factSchema>;

/** A question whose answer is known: one line of a questions file; further fields are left alone. */
export const evalQuestionSchema = z
	.object({
		id: z.string().optional(),
		question: questionSchema,
		/** Where its answer is; absent for an off-topic question or one over all libraries. */
		library: z.string().optional(),
		/** Documents each of which answers it; empty for an off-topic question. */
		relevant: z.array(z.string()).default([]),
		facts: z.array(factSchema).default([])
	})
	.refine(({ relevant, facts }) => relevant.length > 0 || facts.length === 0, {
		path: ['relevant'],
		message: 'relevant must name a document that answers the question when there are facts'
	});
export type EvalQuestion = z.output<typeof evalQuestionSchema>;

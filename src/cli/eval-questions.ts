import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { questionSchema } from '#lib/contract/ask.ts';
import { AppError } from '#lib/server/error.ts';
import { invalidInput } from '#lib/server/transport/invalid-input.ts';

/** One line of a questions file; further fields are left alone. */
const evalQuestionSchema = z.object({
	id: z.string().optional(),
	question: questionSchema,
	/** Where its answer is; absent for an off-topic question or one over all libraries. */
	library: z.string().optional(),
	/** Documents each of which answers it; empty for an off-topic question. */
	relevant: z.array(z.string()).default([])
});
export type EvalQuestion = z.output<typeof evalQuestionSchema>;

/**
 * Reads questions, one JSON object a line.
 * @throws AppError `invalid_request` that names the file and line at fault.
 */
export async function readQuestions(path: string): Promise<EvalQuestion[]> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (cause) {
		throw new AppError('invalid_request', `${path} cannot be read.`, { cause });
	}
	const questions = text.split('\n').flatMap((line, index) => {
		if (line.trim() === '') return [];
		return [readQuestion(line, `${path}, line ${index + 1}`)];
	});
	if (questions.length === 0) throw new AppError('invalid_request', `${path} holds no questions.`);
	return questions;
}

function readQuestion(line: string, place: string): EvalQuestion {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch (cause) {
		throw new AppError('invalid_request', `${place}: not valid JSON.`, { cause });
	}
	const result = evalQuestionSchema.safeParse(value);
	if (result.success) return result.data;
	throw new AppError('invalid_request', `${place}: ${invalidInput(result.error, 'the line').message}`);
}

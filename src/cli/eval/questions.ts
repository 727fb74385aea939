import { readFile } from 'node:fs/promises';
import { AppError } from '#lib/server/error.ts';
import { evalQuestionSchema, type EvalQuestion } from '#lib/server/evaluation/question.ts';
import { invalidInput } from '#lib/server/transport/invalid-input.ts';

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

import type { z } from 'zod';
import { AppError } from '#lib/server/error.ts';

/**
 * Checks input from outside against its shape.
 * @param what is checked, to begin a sentence with when no field is to blame: "The body", "The query".
 * @throws AppError `invalid_request` with a sentence that names the field and says what it must be.
 */
export function checkInput<Schema extends z.ZodType>(
	schema: Schema,
	input: unknown,
	what: string
): z.output<Schema> {
	const result = schema.safeParse(input);
	if (result.success) return result.data;
	throw invalidInput(result.error, what);
}

/** What is wrong with an input, as an error for the person who sent it. */
export function invalidInput(error: z.ZodError, what: string): AppError {
	const [issue] = error.issues;
	return new AppError('invalid_request', issue ? sentenceOf(issue, what) : `${what} is invalid.`);
}

function sentenceOf(issue: z.core.$ZodIssue, what: string): string {
	const field = issue.path.length > 0 ? issue.path.map(String).join('.') : what;
	// A schema's own words name their field.
	if (issue.message.startsWith(`${field} `)) return `${issue.message}.`;
	return `${field} ${demandOf(issue)}.`;
}

function demandOf(issue: z.core.$ZodIssue): string {
	switch (issue.code) {
		case 'invalid_type':
			return `must be ${nameOfType(issue.expected)}`;
		case 'too_small':
			if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
			return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
		case 'too_big':
			return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
		case 'invalid_value':
			return `must be one of ${issue.values.map(String).join(', ')}`;
		default:
			return 'is not in the expected form';
	}
}

function nameOfType(type: string): string {
	const names: Record<string, string> = {
		object: 'a JSON object',
		int: 'a whole number',
		array: 'a list',
		boolean: 'true or false'
	};
	return names[type] ?? `a ${type}`;
}

function unitOf(origin: string): string {
	return origin === 'string' ? ' characters long' : '';
}

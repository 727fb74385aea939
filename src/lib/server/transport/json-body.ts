import type { z } from 'zod';
import { AppError } from '#lib/server/error.ts';
import { checkInput } from './invalid-input.ts';

/** Longest request body, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * The JSON body of a request, checked against its shape.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `invalid_json` or `invalid_request`.
 */
export async function readJson<Schema extends z.ZodType>(
	request: Request,
	schema: Schema
): Promise<z.output<Schema>> {
	requireJson(request);
	const text = await readText(request);
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new AppError('invalid_json', 'The body is not valid JSON. Send a JSON object, quoted and closed.');
	}
	return checkInput(schema, value, 'The body');
}

/** @throws AppError `unsupported_media_type` unless the request says that it is JSON. */
export function requireJson(request: Request): void {
	const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
	if (type === 'application/json') return;
	throw new AppError(
		'unsupported_media_type',
		'Send JSON with the header "Content-Type: application/json" (with curl: -H "Content-Type: application/json").'
	);
}

/**
 * The body as text. One that is too long is read to its end and dropped, because a connection that is cut while
 * the client still writes loses the answer.
 * @throws AppError `payload_too_large`; `invalid_request` when the connection breaks.
 */
export async function readText(request: Request): Promise<string> {
	if (!request.body) return '';
	const chunks: Uint8Array[] = [];
	let size = 0;
	try {
		for await (const chunk of request.body) {
			size += chunk.byteLength;
			if (size > MAX_BODY_BYTES) chunks.length = 0;
			else chunks.push(chunk);
		}
	} catch (cause) {
		if (isTooLarge(cause)) throw tooLarge();
		throw new AppError('invalid_request', 'The body could not be read to its end. Send it again.', { cause });
	}
	if (size > MAX_BODY_BYTES) throw tooLarge();
	return new TextDecoder().decode(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** The web server's own limit is reported with its status. */
function isTooLarge(thrown: unknown): boolean {
	return thrown instanceof Error && 'status' in thrown && thrown.status === 413;
}

function tooLarge(): AppError {
	return new AppError(
		'payload_too_large',
		`The body must be at most ${MAX_BODY_BYTES / 1024} KiB. Shorten the question.`
	);
}

import { toAppError, type AppError } from '#lib/server/error.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';

/** Headers that go with an error: when to come back, and how to authenticate (RFC 6750, section 3). */
export function errorHeaders(error: AppError): Record<string, string> {
	return {
		...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
		...(error.code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
		...(error.code === 'forbidden' && {
			'www-authenticate': 'Bearer error="insufficient_scope", scope="admin"'
		})
	};
}

/** An error as `application/problem+json` (RFC 9457) with its status and, where known, `Retry-After`. */
export function problemResponse(error: AppError, headers: Record<string, string> = {}): Response {
	return Response.json(error.toProblem(), {
		status: error.status,
		headers: {
			'content-type': 'application/problem+json',
			'cache-control': 'no-store',
			...errorHeaders(error),
			...headers
		}
	});
}

/**
 * A handler whose errors are answered as problems. Unexpected ones reveal nothing; they are logged with the id that the
 * answer carries too.
 */
export function withProblems<Event extends { locals: { requestId: string } }>(
	handle: (event: Event) => Response | Promise<Response>
): (event: Event) => Promise<Response> {
	return async (event) => {
		try {
			return await handle(event);
		} catch (thrown) {
			const error = toAppError(thrown);
			if (error.code === 'internal') logFailure(`request ${event.locals.requestId}`, thrown);
			return problemResponse(error);
		}
	};
}

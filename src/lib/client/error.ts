import { TRPCClientError } from '@trpc/client';
import { z } from 'zod';
import { problemSchema, type ErrorCode } from '#lib/contract/error-code.ts';

/** A code of the server, or `connection_failed`: the server could not be reached, or not any more. */
export type CitelightErrorCode = ErrorCode | 'connection_failed';

/** Statuses after which the same request may succeed. */
const RETRYABLE_STATUSES = new Set([408, 429, 499, 500, 502, 503, 504]);

/** The only error that the client throws, besides the reason of an aborted signal. */
export class CitelightError extends Error {
	override readonly name = 'CitelightError';
	readonly code: CitelightErrorCode;
	/** The HTTP status that goes with the code; undefined when the server did not answer. */
	readonly status: number | undefined;
	/** Whether asking again may help. */
	readonly retryable: boolean;

	constructor(
		code: CitelightErrorCode,
		message: string,
		options: { status?: number | undefined; retryable?: boolean | undefined; cause?: unknown } = {}
	) {
		super(message, { cause: options.cause });
		this.code = code;
		this.status = options.status;
		this.retryable =
			options.retryable ?? (options.status === undefined || RETRYABLE_STATUSES.has(options.status));
	}
}

/** Whatever a call threw, as a CitelightError: what the server said where it said something. */
export function toCitelightError(thrown: unknown): CitelightError {
	if (thrown instanceof CitelightError) return thrown;
	if (thrown instanceof TRPCClientError && thrown.cause instanceof CitelightError) return thrown.cause;
	const problem = readProblem(thrown);
	if (problem) {
		const { code, detail, status, retryable } = problem;
		return new CitelightError(code, detail, { status, retryable, cause: thrown });
	}
	const status = readStatus(thrown);
	const message = status ? `Citelight answered with status ${status}.` : 'Citelight could not be reached.';
	return new CitelightError('connection_failed', message, { status, cause: thrown });
}

const saidSchema = problemSchema
	.pick({ code: true, detail: true, status: true })
	.extend({ retryable: z.boolean().optional() });

/** Problem details travel in a tRPC error's data, or are the body of an answer that came before tRPC. */
function readProblem(thrown: unknown) {
	if (!(thrown instanceof TRPCClientError)) return undefined;
	const data: unknown = thrown.data;
	for (const said of [field(data, 'problem'), data, thrown.meta?.responseJSON]) {
		const parsed = saidSchema.safeParse(said);
		if (parsed.success) return parsed.data;
	}
	return undefined;
}

/** From a tRPC answer, the HTTP response, or the error event of an EventSource that tells it. */
function readStatus(thrown: unknown): number | undefined {
	if (!(thrown instanceof TRPCClientError)) return undefined;
	const said: unknown[] = [
		field(thrown.data, 'httpStatus'),
		field(thrown.meta?.response, 'status'),
		field(thrown.cause, 'code')
	];
	return said.find((status): status is number => typeof status === 'number' && status >= 400);
}

function field(value: unknown, key: string): unknown {
	return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

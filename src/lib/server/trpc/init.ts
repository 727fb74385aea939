import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { AppError, toAppError } from '#lib/server/error.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';
import type { Scope } from '#lib/server/config/api-keys.ts';
import { requireScope } from '#lib/server/transport/access.ts';
import { invalidInput } from '#lib/server/transport/invalid-input.ts';
import type { TrpcContext } from './context.ts';

/** Pings keep proxies from closing a quiet subscription. */
const PING_MS = 12_000;
/** A client that hears nothing for so long, not even a ping, has lost its connection without being told. */
const INACTIVITY_MS = 40_000;

const codeByStatus: Record<number, TRPCError['code']> = {
	400: 'BAD_REQUEST',
	401: 'UNAUTHORIZED',
	403: 'FORBIDDEN',
	404: 'NOT_FOUND',
	405: 'METHOD_NOT_SUPPORTED',
	413: 'PAYLOAD_TOO_LARGE',
	415: 'UNSUPPORTED_MEDIA_TYPE',
	429: 'TOO_MANY_REQUESTS',
	499: 'CLIENT_CLOSED_REQUEST',
	502: 'BAD_GATEWAY',
	503: 'SERVICE_UNAVAILABLE',
	504: 'GATEWAY_TIMEOUT'
};

/** What a procedure says about itself. */
export interface ProcedureMeta {
	/** What a caller's key must be for. */
	scope: Scope;
}

const trpc = initTRPC
	.context<TrpcContext>()
	.meta<ProcedureMeta>()
	.create({
		// Otherwise stack traces go out whenever NODE_ENV is unset.
		isDev: false,
		errorFormatter({ shape, error }) {
			const said = errorOf(error);
			const problem = said && { ...said.toProblem(), retryable: said.retryable };
			const { code, httpStatus, path } = shape.data;
			return {
				code: shape.code,
				message: said?.message ?? shape.message,
				data: { code, httpStatus, path, ...(problem && { problem }) }
			};
		},
		sse: {
			ping: { enabled: true, intervalMs: PING_MS },
			client: { reconnectAfterInactivityMs: INACTIVITY_MS }
		}
	});

export const { router } = trpc;

/** Every procedure: what it throws becomes a tRPC error with the status of its code. */
const anyProcedure = trpc.procedure.use(async ({ next }) => {
	const result = await next();
	if (result.ok || isTrpcsOwn(result.error)) return result;
	const error = toAppError(result.error.cause ?? result.error);
	if (error.code === 'internal') logFailure('a procedure', error.cause);
	throw new TRPCError({
		code: codeByStatus[error.status] ?? 'INTERNAL_SERVER_ERROR',
		message: error.message,
		cause: error
	});
});

const checked = anyProcedure.use(async ({ ctx, meta, next }) => {
	requireScope(ctx.caller, meta?.scope ?? 'admin');
	return next();
});

/** What everybody with a key may do. */
export const procedure = checked.meta({ scope: 'ask' });
/** What needs a key with the scope `admin`. */
export const adminProcedure = checked.meta({ scope: 'admin' });

/** The error that a tRPC error stands for; undefined for those that tRPC makes itself, about paths and methods. */
export function errorOf(error: TRPCError): AppError | undefined {
	if (error.cause instanceof AppError) return error.cause;
	if (error.cause instanceof ZodError) return invalidInput(error.cause, 'The input');
	if (error.code === 'PARSE_ERROR' || error.cause instanceof SyntaxError) {
		return new AppError('invalid_json', 'The input is not valid JSON.');
	}
	return error.code === 'INTERNAL_SERVER_ERROR' ? toAppError(error.cause ?? error) : undefined;
}

/** Wrong input, paths and methods, which tRPC reports with a code of its own. */
function isTrpcsOwn(error: TRPCError): boolean {
	return error.code !== 'INTERNAL_SERVER_ERROR';
}

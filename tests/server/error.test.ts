import { describe, expect, it } from 'vitest';
import { errorCodeSchema, problemSchema } from '#lib/contract/error-code.ts';
import { AppError, cancelledError, codeMeanings, toAppError } from '#lib/server/error.ts';

describe('errors', () => {
	it('have a status and a title for every code there is', () => {
		expect(Object.keys(codeMeanings).toSorted()).toEqual(errorCodeSchema.options.toSorted());
	});

	it('become problem details that fit the schema and reveal no cause', () => {
		const error = new AppError('upstream_auth', 'Check the key.', {
			cause: new Error('sk-secret at /home/me')
		});
		const problem = problemSchema.parse(error.toProblem('trace'));
		expect(problem).toMatchObject({
			status: 502,
			code: 'upstream_auth',
			detail: 'Check the key.',
			trace_id: 'trace'
		});
		expect(JSON.stringify(problem)).not.toContain('secret');
	});

	it('are answered 503 when the model endpoint failed and said when to come back', () => {
		expect(new AppError('upstream_5xx', 'Failed.').status).toBe(502);
		const error = new AppError('upstream_5xx', 'Failed.', { retryAfterSeconds: 120 });
		expect([error.status, error.toProblem().status]).toEqual([503, 503]);
	});

	it('hide whatever unknown was thrown', () => {
		const error = toAppError(new TypeError('cannot read /etc/passwd'));
		expect(error.code).toBe('internal');
		expect(error.message).not.toContain('/etc');
	});

	it('keep the reason of an abort when it is one of ours', () => {
		const controller = new AbortController();
		controller.abort(new AppError('server_shutdown', 'Bye.'));
		expect(cancelledError(controller.signal).code).toBe('server_shutdown');
		expect(cancelledError(AbortSignal.abort()).code).toBe('cancelled');
	});
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';

const CANARY = 'canary-7d793037';

function logged(thrown: unknown): string {
	const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
	logFailure('answering', thrown);
	return write.mock.calls.map(([text]) => String(text)).join('');
}

afterEach(() => {
	vi.restoreAllMocks();
});

describe('the log of a failure', () => {
	it('says what was done, the classes, the codes and the places', () => {
		const cause = Object.assign(new TypeError('fetch failed'), { code: 'ECONNREFUSED' });
		const log = logged(new AppError('internal', 'Something went wrong.', { cause }));
		expect(log).toMatch(
			/^citelight: answering failed\n {2}AppError \(internal\)\n +at .*failure-log\.test\.ts/
		);
		expect(log).toContain('TypeError (ECONNREFUSED)');
		expect(log.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
	});

	it.each([
		['a message', new Error(CANARY)],
		['a message of several lines that look like places', new Error(`No\n    at ${CANARY} (file.ts:1:1)`)],
		['a name', Object.assign(new Error('No'), { name: `Error ${CANARY}` })],
		['a code of an endpoint', Object.assign(new Error('No'), { code: CANARY })],
		['a cause', new Error('No', { cause: new Error(CANARY) })],
		['something that is no error', CANARY]
	])('says nothing of %s', (_what, thrown) => {
		const log = logged(thrown);
		expect(log).toMatch(/^citelight: answering failed\n/);
		expect(log).not.toContain(CANARY);
	});
});

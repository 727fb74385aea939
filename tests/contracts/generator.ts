import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import type { Generator } from '#lib/server/model/generator.ts';
import { collectAnswer } from '../fixtures/collect-answer.ts';

/** A generator that will answer with at least three pieces, and how to be rid of it. */
export interface GeneratorUnderTest extends AsyncDisposable {
	generator: Generator;
}

/** What every generator owes to those who call it. */
export function describeGenerator(name: string, start: () => Promise<GeneratorUnderTest>): void {
	describe(`generator contract: ${name}`, () => {
		it('tells pieces that are not empty and then says how it ended', async () => {
			await using subject = await start();
			const { pieces, result, error } = await collectAnswer(subject.generator);
			expect(error).toBeUndefined();
			expect(pieces.length).toBeGreaterThanOrEqual(3);
			expect(pieces).not.toContain('');
			expect(result?.finishReason).toBe('stop');
			expect(result?.model).toMatch(/\S/);
		});

		it('reports tokens as numbers, or as null with a source that says that they are missing', async () => {
			await using subject = await start();
			const { result } = await collectAnswer(subject.generator);
			const { source, prompt_tokens, completion_tokens, total_tokens } = result!.usage;
			const counts = [prompt_tokens, completion_tokens, total_tokens];
			if (source === 'missing') expect(counts).toEqual([null, null, null]);
			else expect(counts.every((count) => Number.isInteger(count))).toBe(true);
		});

		it('does nothing when the signal has fired already', async () => {
			await using subject = await start();
			const { pieces, error } = await collectAnswer(subject.generator, { signal: AbortSignal.abort() });
			expect(pieces).toEqual([]);
			expect(error?.code).toBe('cancelled');
		});

		it('ends with cancelled, and with no further piece, when the signal fires in the middle', async () => {
			await using subject = await start();
			const controller = new AbortController();
			const { pieces, result, error } = await collectAnswer(subject.generator, {
				signal: controller.signal,
				onPiece: () => controller.abort()
			});
			expect(pieces).toHaveLength(1);
			expect(result).toBeUndefined();
			expect(error?.code).toBe('cancelled');
		});

		it('passes on the reason of the abort when it is one of our errors', async () => {
			await using subject = await start();
			const controller = new AbortController();
			const reason = new AppError('server_shutdown', 'The server is shutting down.');
			const { error } = await collectAnswer(subject.generator, {
				signal: controller.signal,
				onPiece: () => controller.abort(reason)
			});
			expect(error).toBe(reason);
		});

		it('ends with what its taker throws, and with no further piece', async () => {
			await using subject = await start();
			const enough = new AppError('cancelled', 'That is enough.');
			const { pieces, error } = await collectAnswer(subject.generator, {
				onPiece() {
					throw enough;
				}
			});
			expect(pieces).toHaveLength(1);
			expect(error).toBe(enough);
		});

		it('answers several requests at once without mixing them', async () => {
			await using subject = await start();
			const alone = await collectAnswer(subject.generator);
			const together = await Promise.all(Array.from({ length: 5 }, () => collectAnswer(subject.generator)));
			expect(together.map(({ text }) => text)).toEqual(Array<string>(5).fill(alone.text));
		});

		it('writes details that can be stored as JSON', async () => {
			await using subject = await start();
			const { details } = await collectAnswer(subject.generator);
			expect(JSON.parse(JSON.stringify(details))).toEqual(details);
		});

		it('leaves no listener on the signal of the caller', async () => {
			await using subject = await start();
			const { signal } = new AbortController();
			let listeners = 0;
			const { addEventListener, removeEventListener } = signal;
			signal.addEventListener = function (...given: Parameters<AbortSignal['addEventListener']>) {
				listeners += 1;
				addEventListener.apply(this, given);
			};
			signal.removeEventListener = function (...given: Parameters<AbortSignal['removeEventListener']>) {
				listeners -= 1;
				removeEventListener.apply(this, given);
			};
			await collectAnswer(subject.generator, { signal });
			expect(listeners).toBe(0);
		});
	});
}

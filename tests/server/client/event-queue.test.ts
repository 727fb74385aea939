import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { EventQueue } from '#lib/client/event-queue.ts';

async function collect<T>(queue: EventQueue<T>): Promise<T[]> {
	const values: T[] = [];
	for await (const value of queue) values.push(value);
	return values;
}

test('gives every value once and in order, however pushing and pulling interleave', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(fc.tuple(fc.integer(), fc.boolean())), async (steps) => {
			const queue = new EventQueue<number>(() => {});
			const got = collect(queue);
			for (const [value, yields] of steps) {
				queue.push(value);
				if (yields) await Promise.resolve();
			}
			queue.end();
			expect(await got).toEqual(steps.map(([value]) => value));
		})
	);
});

test('gives what was pushed before a failure, then the failure, then the end', async () => {
	const queue = new EventQueue<string>(() => {});
	queue.push('kept');
	queue.fail(new Error('lost'));
	expect(await queue.next()).toEqual({ done: false, value: 'kept' });
	await expect(queue.next()).rejects.toThrow('lost');
	expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test('a consumer that waits is told of the failure', async () => {
	const queue = new EventQueue<string>(() => {});
	const next = queue.next();
	queue.fail(new Error('lost'));
	await expect(next).rejects.toThrow('lost');
});

test('leaving the loop is reported, and nothing more is taken', async () => {
	const onReturn = vi.fn();
	const queue = new EventQueue<number>(onReturn);
	queue.push(1);
	queue.push(2);
	for await (const value of queue) {
		expect(value).toBe(1);
		break;
	}
	queue.push(3);
	expect(onReturn).toHaveBeenCalledOnce();
	expect(await queue.next()).toEqual({ done: true, value: undefined });
});

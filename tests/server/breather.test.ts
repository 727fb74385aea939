import { describe, expect, it } from 'vitest';
import { Breather } from '#lib/server/breather.ts';

const turn = () => new Promise(setImmediate);

function work(milliseconds: number): void {
	const until = performance.now() + milliseconds;
	while (performance.now() < until);
}

/** Counts the turns of the event loop until the work is over. */
async function turnsDuring(working: () => Promise<unknown>): Promise<number> {
	let turns = 0;
	let isOver = false;
	const counting = (async () => {
		for (; !isOver; turns += 1) await turn();
	})();
	await working();
	isOver = true;
	await counting;
	return turns;
}

describe('a breather', () => {
	it('lets short work go on without a pause', async () => {
		await turn();
		const breather = new Breather();
		let others = 0;
		setImmediate(() => (others += 1));
		for (let piece = 0; piece < 100; piece += 1) await breather.breathe();
		expect(others).toBe(0);
	});

	it('gives long work a turn of the event loop again and again', async () => {
		const turns = await turnsDuring(async () => {
			const breather = new Breather();
			for (let piece = 0; piece < 10; piece += 1) {
				work(6);
				await breather.breathe();
			}
		});
		expect(turns).toBeGreaterThanOrEqual(9);
	});

	it('counts the work of all in a turn together', async () => {
		const pieces = async () => {
			const breather = new Breather();
			for (let piece = 0; piece < 8; piece += 1) {
				work(2);
				await breather.breathe();
			}
		};
		// Four at a time do 8 ms between them before each has breathed twice; alone each would go on for three pieces.
		const turns = await turnsDuring(() => Promise.all(Array.from({ length: 4 }, pieces)));
		expect(turns).toBeGreaterThanOrEqual(7);
	});

	it('ends the work when the signal has fired meanwhile', async () => {
		const controller = new AbortController();
		const breather = new Breather(controller.signal);
		work(6);
		const breathing = breather.breathe();
		controller.abort();
		await expect(breathing).rejects.toMatchObject({ code: 'cancelled' });
	});
});

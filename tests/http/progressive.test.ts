import { expect, it } from 'vitest';
import { answer } from '../fixtures/model-server.ts';
import { allEvents, startHttpTest, textOf } from './setup.ts';

const EVERY_MS = 20;
const words = Array.from({ length: 50 }, (_, index) => `word${index} `);

it('tokens reach the client one after another, as the model sends them', async () => {
	await using test = await startHttpTest({ model: { script: answer(words, { everyMs: EVERY_MS }) } });
	// The first request of a process pays for code that has not run yet.
	await (await test.post('/ask/stream', { question: 'How do I plant apple trees?' })).text();

	const startedAt = performance.now();
	const events = await allEvents(await test.post('/ask/stream', { question: 'How do I plant apple trees?' }));
	const tokens = events.filter(({ event }) => event.type === 'token');
	expect(textOf(events)).toBe(words.join(''));

	const [first, last] = [tokens[0]!, tokens.at(-1)!];
	const whole = EVERY_MS * words.length;
	// Buffered anywhere on the way, the first token would come with the last.
	expect(first.at - startedAt).toBeLessThan(whole / 2);
	expect(last.at - first.at).toBeGreaterThan((whole - EVERY_MS) * 0.8);
	const gaps = tokens.slice(1).map(({ at }, index) => at - tokens[index]!.at);
	const together = gaps.filter((gap) => gap < 1).length;
	expect(together / gaps.length).toBeLessThan(0.2);
});

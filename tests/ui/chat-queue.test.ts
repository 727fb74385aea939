import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCitelightClient } from '#lib/client/index.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';

const QUESTION = 'How do I plant apple trees?';
let chat: ChatTest;

beforeAll(async () => {
	chat = await startChatTest({ env: { MAX_CONCURRENT_ANSWERS: '1' } });
});
afterAll(() => chat?.[Symbol.asyncDispose]());

test('who waits for a turn sees how many answers come before, then the answer', async () => {
	const { promise, resolve: finish } = Promise.withResolvers<void>();
	chat.http.model.respondWith(answer([gate(promise), 'In autumn [1].']));
	const client = createCitelightClient({ url: chat.http.app.url });
	const [places, others]: [(number | null)[], Promise<unknown>[]] = [[], []];
	const read = async (run: AsyncIterable<{ type: string }>) => {
		let last;
		for await (const { type } of run) last = type;
		return last;
	};
	for (let count = 0; count < 3; count += 1) {
		const run = client.ask({ question: QUESTION }, { onQueued: (ahead) => places.push(ahead) });
		await run.trace_id;
		others.push(read(run));
	}
	await using opened = await chat.open();
	const { chat: page, page: tab } = opened;
	await page.ask(QUESTION);
	await tab.getByText('Many are asking: 2 answers before yours').waitFor();
	expect(places.slice(0, 2)).toEqual([0, 1]);
	finish();
	await page.answered('In autumn 1.');
	expect(await Promise.all(others)).toEqual(['done', 'done', 'done']);
	expect(await tab.getByText('Many are asking').count()).toBe(0);
	// Both that had to wait were told when it was over.
	await expect.poll(() => places.filter((place) => place === null).length).toBe(2);
});

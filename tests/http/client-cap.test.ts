import { expect, it } from 'vitest';
import { answer } from '../fixtures/model-server.ts';
import { startHttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
const usage = { prompt_tokens: 60, completion_tokens: 40, total_tokens: 100 };

it('the tokens of one client a day are refused over every door when they are used up, while others are answered', async () => {
	await using test = await startHttpTest({
		env: { DAILY_CLIENT_TOKEN_CAP: '150', TRUSTED_PROXIES: '1' }
	});
	test.model.respondWith(answer(['Four metres [1].'], { usage }));
	const from = (address: string) => ({
		headers: { 'content-type': 'application/json', 'x-forwarded-for': address }
	});
	const first = from('203.0.113.9');
	for (let asked = 0; asked < 2; asked += 1) {
		expect((await test.post('/ask', { question }, first)).status).toBe(200);
	}
	const calls = test.model.chatCalls.length;
	const input = encodeURIComponent(JSON.stringify({ question }));
	for (const refused of [
		await test.post('/ask', { question }, first),
		await test.post('/ask/stream', { question }, first),
		await test.post('/trpc/start', { question }, first),
		await test.get(`/trpc/ask?input=${input}`, first)
	]) {
		expect(refused.status).toBe(429);
		expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
		expect(await refused.text()).toContain('rate_limited');
	}
	expect(test.model.chatCalls).toHaveLength(calls);
	expect((await test.post('/ask', { question }, from('203.0.113.10'))).status).toBe(200);
});

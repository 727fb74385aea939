import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHttpTest, type HttpTest } from './setup.ts';

/** What the README says that an address of a subscription may hold, in bytes. */
const PROMISED = 12 * 1024;
let test: HttpTest;
beforeAll(async () => void (test = await startHttpTest()));
afterAll(() => test?.[Symbol.asyncDispose]());

const pathOf = (question: string) => `/trpc/ask?input=${encodeURIComponent(JSON.stringify({ question }))}`;
/** A question in letters that take nine bytes each in an address. */
const questionOf = (bytes: number) => `apple trees ${'树'.repeat(Math.floor((bytes - 60) / 9))}`;

it('a question in an address may be as long as is said', async () => {
	const path = pathOf(questionOf(PROMISED));
	expect(path.length).toBeGreaterThan(PROMISED - 20);
	const response = await test.get(path);
	expect(response.status).toBe(200);
	expect(await response.text()).toMatch(/"type":"done"/);
});

it('a longer one is refused as a whole: nothing is started, and the server goes on', async () => {
	const calls = test.model.chatCalls.length;
	const response = await test.get(pathOf(questionOf(20 * 1024)));
	expect(response.status).toBe(431);
	expect(test.model.chatCalls).toHaveLength(calls);
	expect(await test.json('/traces')).toHaveLength(1);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, errorStatus, gate, letterVectors, type Scripted } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';
import { expectSound, LOOKS, openPage } from './page-checks.ts';

const NOTICE = 'The embeddings endpoint failed, so passages were looked up by their words alone.';
const ANSWER = 'Plant them in autumn 1.';
const NOT_FOUND = 'Zyxwv qwrtp kjhgf?';

let test: ChatTest;
/** What the endpoint does with a question; passages always get their vectors. */
let embed: Scripted = letterVectors;

beforeAll(async () => {
	test = await startChatTest({
		env: { EMBEDDING_MODEL: 'test-embedder' },
		model: {
			script: answer(['Plant', ' them', ' in', ' autumn', ' [1].']),
			embeddings: (call) => {
				const script = /\?/.test(JSON.stringify(call.body?.['input'])) ? embed : letterVectors;
				return typeof script === 'function' ? script(call) : script;
			}
		}
	});
});
afterAll(() => test?.[Symbol.asyncDispose]());

describe('sources that were found while the embeddings endpoint fails', () => {
	it('say so from the first moment on, in the chat and on the page of the trace', async () => {
		embed = errorStatus(401);
		await using opened = await test.open();
		const { page, chat } = opened;
		const { promise, resolve: goOn } = Promise.withResolvers<void>();
		test.http.model.queue(answer([gate(promise), 'Plant them in autumn [1].']));
		await chat.ask('When do I plant apple trees without vectors?');
		await chat.turn.getByText(NOTICE, { exact: true }).waitFor();
		expect(await chat.turn.getAttribute('aria-busy')).toBe('true');
		goOn();
		await chat.answered(ANSWER);
		expect(await chat.turn.getByText(NOTICE).count()).toBe(1);
		await expect.poll(() => chat.announcement()).toContain('looked up by their words alone');
		await chat.turn.getByRole('link', { name: 'Trace' }).click();
		await page.waitForURL('**/dashboard/traces/*');
		await page.getByText(NOTICE, { exact: true }).waitFor();
		await page.getByRole('link', { name: 'Dashboard', exact: true }).first().click();
		await page.getByText('The embeddings endpoint failed for 1 question:').waitFor();
	});

	it('say so when they answer nothing', async () => {
		embed = errorStatus(401);
		await using opened = await test.open();
		const { chat } = opened;
		await chat.ask(NOT_FOUND);
		await chat.over();
		await chat.turn.getByRole('group', { name: 'Not covered' }).waitFor();
		expect(await chat.turn.getByText(NOTICE).count()).toBe(1);
	});

	it('say so no more when the question is asked again and the endpoint works', async () => {
		embed = errorStatus(401);
		await using opened = await test.open();
		const { page, chat } = opened;
		await chat.ask('When do I plant apple trees, with vectors again?');
		await chat.answered(ANSWER);
		expect(await chat.turn.getByText(NOTICE).count()).toBe(1);
		embed = letterVectors;
		await chat.button('Ask again').click();
		await chat.answered(ANSWER);
		expect(await chat.turn.getByText(NOTICE).count()).toBe(0);
		await expect.poll(() => chat.announcement()).toMatch(/complete/);
		expect(await chat.announcement()).not.toContain('words alone');
		await chat.turn.getByRole('link', { name: 'Trace' }).click();
		await page.waitForURL('**/dashboard/traces/*');
		await page.getByRole('heading', { name: 'Timeline' }).waitFor();
		expect(await page.getByText(NOTICE).count()).toBe(0);
	});

	it.each(LOOKS)('have no axe violation and fit the window: $name', async (look) => {
		embed = errorStatus(401);
		await using opened = await test.open(look);
		const { page, chat } = opened;
		const question = `When do I plant apple trees (${look.name})?`;
		await chat.ask(question);
		await chat.answered(ANSWER);
		await chat.turn.getByText(NOTICE).waitFor();
		await expectSound(page);
		const { trace_id } = await test.traceOf(question);
		await using traced = await openPage(
			test.browser,
			`${test.http.app.url}/dashboard/traces/${trace_id}`,
			look
		);
		await traced.page.getByText(NOTICE).waitFor();
		await expectSound(traced.page);
	});
});

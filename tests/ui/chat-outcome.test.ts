import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../fixtures/app-server.ts';
import { runCli } from '../fixtures/cli.ts';
import { answer, errorStatus, gate, truncate } from '../fixtures/model-server.ts';
import { ChatPage, startChatTest, type ChatTest } from './chat-page.ts';
import { expectSound, openPage, plain } from './page-checks.ts';

const DOCS = join(import.meta.dirname, '../fixtures/docs');

let test: ChatTest;

beforeAll(async () => {
	test = await startChatTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

describe('an answer that fails', () => {
	it('keeps its text, says what happened, and can be asked again', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(truncate(['Plant', ' them']));
		const question = 'When do I plant apple trees before it breaks?';
		await chat.ask(question);
		await chat.over();
		const trace = await test.traceOf(question);
		expect(trace.status).toBe('error');
		const text = plain(await chat.turn.innerText());
		expect(text).toContain('Plant them');
		expect(text).toContain(plain(trace.error!.message));
		await expect.poll(() => chat.announcement()).toContain(plain(trace.error!.message));
		test.http.model.queue(answer(['In', ' autumn.']));
		await chat.button('Try again').click();
		await chat.answered('In autumn.');
		expect(await chat.turns.count()).toBe(1);
	});

	it('says so when the model reached its longest answer', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(answer(['Plant', ' them'], { finishReason: 'length' }));
		await chat.ask('How do I plant apple trees at length?');
		await chat.answered('Plant them');
		expect(plain(await chat.turn.innerText())).toContain('The answer is cut off here');
	});

	it('offers no second try where none can help', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(errorStatus(401));
		const question = 'When do I plant apple trees without a key?';
		await chat.ask(question);
		await chat.over();
		expect(plain(await chat.turn.innerText())).toContain(
			plain((await test.traceOf(question)).error!.message)
		);
		expect(await chat.button('Try again').count()).toBe(0);
	});

	it('before it has begun says why, when the server is full', async () => {
		await using full = await startChatTest({ env: { MAX_CONCURRENT_ANSWERS: '1', MAX_QUEUE: '0' } });
		await using opened = await full.open();
		const { chat } = opened;
		const release = Promise.withResolvers<void>();
		full.http.model.queue(answer(['Busy', gate(release.promise)]));
		const arrived = full.http.model.nextCall();
		const first = full.http.post('/ask', { question: 'When do apple trees sleep?' });
		await arrived;
		await chat.ask('When do I prune apple trees?');
		await chat.over();
		const problem = (await (await full.http.post('/ask', { question: 'And pear trees?' })).json()) as {
			detail: string;
		};
		expect(plain(await chat.turn.innerText())).toContain(plain(problem.detail));
		release.resolve();
		await first;
		full.http.model.queue(answer(['In', ' winter.']));
		await chat.button('Try again').click();
		await chat.answered('In winter.');
	});
});

describe('a question that the documentation does not cover', () => {
	it('is said to be so, and looks unlike an answer', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const calls = test.http.model.calls.length;
		await chat.ask('Zyxwv qwrtp kjhgf?');
		await chat.over();
		await chat.turn.getByRole('group', { name: 'Not covered' }).waitFor();
		await expect.poll(() => chat.announcement()).toContain('does not cover');
		expect(test.http.model.calls).toHaveLength(calls);
		await expectSound(page);
	});
});

describe('a server without a model', () => {
	it('quotes the passages and says that it does', async () => {
		await using app = await startApp({ docs: { guide: DOCS } });
		await using opened = await openPage(test.browser, app.url);
		const chat = new ChatPage(opened.page);
		await chat.ask('What are the first steps?');
		await chat.over();
		await chat.turn.getByText(/no model is/).waitFor();
		expect(await chat.answer.getByRole('button', { name: /^Source/ }).count()).toBeGreaterThan(0);
		await expectSound(opened.page);
	});
});

describe('a server that has nothing indexed', () => {
	it('says how to index, takes no question, and goes on as soon as there is something', async () => {
		await using app = await startApp();
		await using opened = await openPage(test.browser, app.url);
		const { page } = opened;
		const chat = new ChatPage(page);
		await page.getByRole('heading', { name: 'Nothing is indexed yet' }).waitFor();
		expect(plain(await page.locator('main').innerText())).toMatch(
			/npm run citelight -- ingest \S+ --library \S+/
		);
		expect(await chat.question.isEnabled()).toBe(false);
		await expectSound(page);
		const { code } = await runCli(['ingest', DOCS, '--library', 'guide'], {
			env: { DATA_DIR: app.dataDir }
		});
		expect(code).toBe(0);
		await chat.button('Look again').click();
		await chat.library.getByRole('option', { name: /guide/ }).waitFor({ state: 'attached' });
		expect(await chat.question.isEnabled()).toBe(true);
	});
});

describe('libraries that cannot be loaded', () => {
	it('are said to be missing, and can be loaded again', async () => {
		await using opened = await openPage(test.browser, `${test.http.app.url}/dashboard`);
		const { page } = opened;
		await page.route('**/trpc/libraries*', (route) => route.abort());
		await page.goto(test.http.app.url);
		await page.getByRole('heading', { name: 'The libraries could not be loaded' }).waitFor();
		await expectSound(page);
		await page.unroute('**/trpc/libraries*');
		const chat = new ChatPage(page);
		await chat.button('Try again').click();
		await chat.ready();
	});
});

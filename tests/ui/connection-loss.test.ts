import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCuttingProxy, type CuttingProxy } from '../fixtures/cutting-proxy.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import { ChatPage, startChatTest, type ChatTest } from './chat-page.ts';
import { eventually, expectSound, openPage, plain, textOf } from './page-checks.ts';

let test: ChatTest;
let proxy: CuttingProxy;

beforeAll(async () => {
	// Longer than any pause between two attempts: what is shown here is the page.
	test = await startChatTest({ env: { RESUME_GRACE_MS: '60000' } });
	proxy = await startCuttingProxy(test.http.app.url);
});
afterAll(async () => {
	await proxy?.[Symbol.asyncDispose]();
	await test?.[Symbol.asyncDispose]();
});

/** The network goes away, and stays away until `proxy.refuse(false)`. */
function loseNetwork(): void {
	proxy.refuse(true);
	proxy.cut();
}

const LOST = 'The connection was lost: trying again';

describe('an answer whose connection is lost', () => {
	it.each([
		['while it is written', ['Plant']],
		['before its first word', []]
	])('%s says so, keeps its text, and goes on', async (moment, before) => {
		await using opened = await openPage(test.browser, proxy.url);
		const chat = new ChatPage(opened.page);
		await chat.ready();
		const { promise, resolve: finish } = Promise.withResolvers<void>();
		test.http.model.queue(answer([...before, gate(promise), ' in', ' autumn.']));
		const arrived = test.http.model.nextCall();
		await chat.ask(`When do I plant apple trees (${moment})?`);
		await arrived;
		if (before.length > 0) await chat.answer.getByText('Plant').waitFor();
		else await chat.turn.getByText('Reading').waitFor();
		loseNetwork();
		await chat.turn.getByText(LOST).waitFor();
		expect(await chat.turn.getByText('Reading').count()).toBe(0);
		proxy.refuse(false);
		await chat.turn.getByText(LOST).waitFor({ state: 'detached' });
		finish();
		await chat.answered([...before, 'in autumn.'].join(' '));
	});
});

describe('a page that cannot be fetched', () => {
	it('says so, and comes when the server is back', async () => {
		// Not by openPage: the framework logs that it could not fetch the page.
		await using context = await test.browser.newContext();
		const page = await context.newPage();
		await page.goto(proxy.url);
		await new ChatPage(page).ready();
		loseNetwork();
		await page.getByRole('link', { name: 'Dashboard' }).click();
		await page.getByRole('heading', { name: 'The page could not be loaded' }).waitFor();
		await expectSound(page);
		proxy.refuse(false);
		await page.getByRole('link', { name: 'Try again' }).click();
		await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
	});
});

describe('a dashboard whose connection is lost', () => {
	it('says so, and shows what was asked meanwhile as soon as it is back', async () => {
		const ask = (question: string) => test.http.post('/ask', { question });
		await ask('What was asked about apple trees before?');
		await using opened = await openPage(test.browser, `${proxy.url}/dashboard`);
		const { page } = opened;
		const liveliness = () => textOf(page, '[data-testid="liveliness"]');
		await page.getByTestId('figure-total-queries').waitFor();
		await page.locator('tr[data-trace]').first().waitFor();
		await eventually(liveliness).toBe('Live');
		// What it fetches when it is connected has come, too.
		await page.locator('.figures[aria-busy="false"]').waitFor();
		await page.locator('[aria-busy="false"]:has(tr[data-trace])').waitFor();
		loseNetwork();
		await eventually(liveliness).toBe('Reconnecting');
		const question = 'What was asked about apple trees meanwhile?';
		expect((await ask(question)).status).toBe(200);
		proxy.refuse(false);
		await eventually(liveliness).toBe('Live');
		await eventually(async () => plain(await page.locator('main').innerText())).toContain(question);
	});
});

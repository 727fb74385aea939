import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, gate, type ModelCall } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';
import { plain } from './page-checks.ts';

let test: ChatTest;

beforeAll(async () => {
	test = await startChatTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

const never = new Promise<never>(() => {});

/** Asks a question whose answer begins and then waits for ever. */
async function askAndHang(chat: Awaited<ReturnType<ChatTest['open']>>['chat'], question: string) {
	test.http.model.queue(answer(['Plant', ' them', gate(never)]));
	const arrived = test.http.model.nextCall();
	await chat.ask(question);
	await expect.poll(async () => plain(await chat.answer.innerText())).toBe('Plant them');
	return arrived;
}

/** The upstream call was closed by us, and the trace tells the text so far. */
async function expectStopped(call: ModelCall, question: string) {
	expect((await call.closed).by).toBe('client');
	const trace = await test.traceOf(question);
	expect([trace.status, trace.answer]).toEqual(['cancelled', 'Plant them']);
}

describe('an answer', () => {
	it('grows token by token while the model writes it', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const words = Array.from({ length: 40 }, (_, at) => ` word${at}`);
		test.http.model.queue(answer(words, { everyMs: 20 }));
		await page.evaluate(() => {
			const lengths: number[] = [];
			Object.assign(window, { lengths });
			new MutationObserver(() => {
				const text = document.querySelector('article .answer')?.textContent?.trim() ?? '';
				if (text !== '' && text.length !== lengths.at(-1)) lengths.push(text.length);
			}).observe(document.body, { subtree: true, childList: true, characterData: true });
		});
		await chat.ask('How do I plant apple trees?');
		await chat.answered(words.join('').trim());
		const lengths = await page.evaluate(() => (window as unknown as { lengths: number[] }).lengths);
		expect(lengths).toEqual([...new Set(lengths)].toSorted((a, b) => a - b));
		expect(lengths.length).toBeGreaterThanOrEqual(10);
		expect(lengths.at(-1)).toBe(words.join('').trim().length);
	});

	it('shows each token before the next one exists, with a caret until the end', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
		test.http.model.queue(answer(gates.flatMap(({ promise }, at) => [`w${at} `, gate(promise)])));
		await chat.ask('How do I plant pear trees?');
		let shown = '';
		for (const [at, { resolve }] of gates.entries()) {
			shown = `${shown} w${at}`.trim();
			await expect.poll(async () => plain(await chat.answer.innerText())).toBe(shown);
			expect(await chat.answer.locator('.caret').count()).toBe(1);
			resolve();
		}
		await chat.over();
		expect(await chat.answer.locator('.caret').count()).toBe(0);
	});
});

describe('stopping', () => {
	it('with the button ends the upstream call and keeps the text', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const question = 'When do I plant apple trees, by the button?';
		const call = await askAndHang(chat, question);
		await chat.button('Stop').click();
		await chat.over();
		expect(plain(await chat.answer.innerText())).toBe('Plant them');
		expect(plain(await chat.turn.innerText())).toContain('stopped');
		await expectStopped(call, question);
	});

	it('with Escape does the same', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const question = 'When do I plant apple trees, by the key?';
		const call = await askAndHang(chat, question);
		await page.keyboard.press('Escape');
		await chat.over();
		expect(plain(await chat.answer.innerText())).toBe('Plant them');
		await expectStopped(call, question);
	});

	it('leaves a question that can be asked again, in the place of the stopped answer', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		await askAndHang(chat, 'When do I prune apple trees?');
		await chat.button('Stop').click();
		await chat.over();
		test.http.model.queue(answer(['In', ' winter', ' [1].']));
		await chat.button(/^(Ask|Try) again$/).click();
		await chat.answered('In winter 1.');
		expect(await chat.turns.count()).toBe(1);
	});

	it('is what starting a new conversation does to an answer on its way', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const question = 'When do I plant pear trees, and no more?';
		const call = await askAndHang(chat, question);
		await chat.button('New conversation').click();
		await page.getByRole('heading', { level: 1 }).waitFor();
		expect(await chat.turns.count()).toBe(0);
		expect((await call.closed).by).toBe('client');
	});
});

describe('the end of the page', () => {
	const lines = (count: number) => Array.from({ length: count }, (_, at) => `Line ${at}\n\n`);
	const distance = () =>
		Math.round(document.documentElement.scrollHeight - document.documentElement.scrollTop - innerHeight);

	it('is followed while the answer grows', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const release = Promise.withResolvers<void>();
		test.http.model.queue(answer([...lines(60), gate(release.promise), 'Last']));
		await chat.ask('What do I know about apple trees?');
		await chat.answer.getByText('Line 59').waitFor();
		await expect.poll(() => page.evaluate(distance)).toBeLessThanOrEqual(2);
		release.resolve();
		await chat.over();
	});

	it('is left alone once the reader has scrolled up, until they want it back', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const [more, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		test.http.model.queue(
			answer([...lines(60), gate(more.promise), ...lines(40), 'More', gate(last.promise), ' is said.'])
		);
		await chat.ask('What else do I know about apple trees?');
		await chat.answer.getByText('Line 59').waitFor();
		await expect.poll(() => page.evaluate(distance)).toBeLessThanOrEqual(2);
		await page.evaluate(() => scrollTo({ top: 200, behavior: 'instant' }));
		await chat.button('Latest').waitFor();
		more.resolve();
		await chat.answer.getByText('More').waitFor();
		expect(await page.evaluate(() => Math.round(document.documentElement.scrollTop))).toBe(200);
		await chat.button('Latest').click();
		await expect.poll(() => page.evaluate(distance)).toBeLessThanOrEqual(2);
		last.resolve();
		await chat.over();
	});
});

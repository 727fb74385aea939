import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, gate } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';
import { plain } from './page-checks.ts';

let test: ChatTest;

beforeAll(async () => {
	test = await startChatTest({
		model: { script: answer(['Plant', ' them', ' [1]', ' and', ' water', ' them', ' [2].', ' Not [99].']) }
	});
});
afterAll(() => test?.[Symbol.asyncDispose]());

const ANSWER = 'Plant them 1 and water them 2. Not [99].';

describe('a citation', () => {
	it('opens its passage: number, library, headings and text', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const question = 'How do I plant apple trees and water them?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const { sources } = await test.traceOf(question);
		for (const source of sources.slice(0, 2)) {
			await chat.answer.getByRole('button', { name: `Source ${source.n}` }).click();
			const text = plain(await chat.passage.innerText());
			expect(text).toContain(source.library);
			for (const heading of source.heading_path) expect(text).toContain(heading);
			expect(text).toContain(plain(source.text.split('\n').at(-1)!).slice(0, 30));
			await chat.button('Close the passage').click();
			await chat.passage.waitFor({ state: 'detached' });
		}
		// A number that was never given is no citation.
		expect(await chat.answer.getByRole('button').count()).toBe(2);
	});

	it('is opened with the keyboard, and gets the focus back when Escape closes the passage', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		await chat.ask('How do I plant apple trees with keys?');
		await chat.answered(ANSWER);
		const citation = chat.answer.getByRole('button', { name: 'Source 2' });
		await citation.focus();
		await page.keyboard.press('Enter');
		await chat.passage.waitFor();
		const hasFocus = () => chat.passage.evaluate((dialog) => dialog.contains(document.activeElement));
		await expect.poll(hasFocus).toBe(true);
		await page.keyboard.press('Escape');
		await chat.passage.waitFor({ state: 'detached' });
		await expect.poll(() => citation.evaluate((button) => button === document.activeElement)).toBe(true);
	});

	it('opens while the answer is still written; Escape closes the passage and stops nothing', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const release = Promise.withResolvers<void>();
		test.http.model.queue(answer(['Plant', ' them', ' [1].', ' Then', gate(release.promise), ' wait.']));
		await chat.ask('How do I plant apple trees, step by step?');
		await chat.answer.getByText('Then').waitFor();
		await chat.answer.getByRole('button', { name: 'Source 1' }).click();
		await chat.passage.waitFor();
		await page.keyboard.press('Escape');
		await chat.passage.waitFor({ state: 'detached' });
		release.resolve();
		await chat.answered('Plant them 1. Then wait.');
		expect((await test.traceOf('How do I plant apple trees, step by step?')).status).toBe('success');
	});
});

describe('the list of sources', () => {
	it('has every passage that the model was given, and marks the cited ones', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const question = 'Which passages are about apple trees?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const { sources, citations } = await test.traceOf(question);
		expect(citations).toEqual([1, 2]);
		const items = chat.turn.getByRole('list', { name: 'Sources' }).getByRole('listitem');
		expect(await items.count()).toBe(sources.length);
		for (const [index, source] of sources.entries()) {
			const text = plain(await items.nth(index).innerText());
			expect(text).toContain(source.heading_path.at(-1) ?? source.title);
			expect(/cited/i.test(text)).toBe(citations.includes(source.n));
		}
	});

	it('opens each passage, and gets the focus back', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const question = 'Which passages open about apple trees?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const { sources } = await test.traceOf(question);
		const buttons = chat.turn.getByRole('list', { name: 'Sources' }).getByRole('button');
		await buttons.nth(2).click();
		await chat.passage.waitFor();
		expect(plain(await chat.passage.innerText())).toContain(sources[2]!.document);
		await page.keyboard.press('Escape');
		await chat.passage.waitFor({ state: 'detached' });
		await expect.poll(() => buttons.nth(2).evaluate((each) => each === document.activeElement)).toBe(true);
	});
});

import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_QUESTION_CHARACTERS } from '#lib/contract/ask.ts';
import { answer, gate, truncate } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';
import { expectSound, LOOKS, plain } from './page-checks.ts';

/** What answers are made of: code and a table wider than a phone, a long word, a citation. */
const RICH = [
	'Plant them [1]:\n\n```python\n',
	`plant(trees, ${'apart=4, '.repeat(20)})\n`,
	'```\n\n| ',
	`${'column | '.repeat(12)}\n| ${'--- | '.repeat(12)}\n| ${'value | '.repeat(12)}\n\n`,
	`${'word'.repeat(60)}\n\n- one [2]\n- two`
];

let test: ChatTest;

beforeAll(async () => {
	test = await startChatTest({ model: { script: answer(['Plant', ' them', ' [1].']) } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

describe('with the keyboard alone', () => {
	it('a question is written, asked, answered, looked up, and followed up', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const focused = (name: string) =>
			page.evaluate((name) => document.activeElement?.matches(name) ?? false, name);
		const tabTo = async (name: string) => {
			for (let presses = 0; presses < 40 && !(await focused(name)); presses++)
				await page.keyboard.press('Tab');
			expect(await focused(name), name).toBe(true);
		};
		await tabTo('textarea');
		await page.keyboard.type('First line');
		await page.keyboard.press('Shift+Enter');
		await page.keyboard.type('about apple trees');
		await page.keyboard.press('Enter');
		await chat.answered('Plant them 1.');
		expect((await test.traceOf('First line\nabout apple trees')).status).toBe('success');
		// The next question can be written at once.
		expect(await focused('textarea')).toBe(true);

		const citation = '[data-citation]';
		for (let presses = 0; presses < 40 && !(await focused(citation)); presses++)
			await page.keyboard.press('Shift+Tab');
		expect(await focused(citation)).toBe(true);
		await page.keyboard.press('Enter');
		await chat.passage.waitFor();
		await page.keyboard.press('Escape');
		await chat.passage.waitFor({ state: 'detached' });
		await expect.poll(() => focused(citation)).toBe(true);

		await tabTo('textarea');
		await page.keyboard.type('And pear trees?');
		await page.keyboard.press('Enter');
		await expect.poll(() => chat.turns.count()).toBe(2);
		await chat.over();
	});

	it('stopping with the button leaves the focus on something', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		test.http.model.queue(answer(['Plant', gate(new Promise(() => {}))]));
		await chat.ask('When do I stop with keys about apple trees?');
		await chat.answer.getByText('Plant').waitFor();
		await chat.button('Stop').focus();
		await page.keyboard.press('Enter');
		await chat.over();
		await expect.poll(() => page.evaluate(() => document.activeElement !== document.body)).toBe(true);
	});
});

describe('a screen reader', () => {
	it('is told that an answer has begun and ended, never its tokens', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		await page.evaluate(() => {
			const said: string[] = [];
			Object.assign(window, { said });
			new MutationObserver(() => {
				const text = document.querySelector('[data-announcement]')?.textContent?.trim() ?? '';
				if (text !== '' && text !== said.at(-1)) said.push(text);
			}).observe(document.body, { subtree: true, childList: true, characterData: true });
		});
		test.http.model.queue(answer(['Plant', ' them', ' in', ' autumn', ' [1].'], { everyMs: 20 }));
		await chat.ask('What is said about apple trees?');
		await chat.answered('Plant them in autumn 1.');
		await expect.poll(() => chat.announcement()).toMatch(/complete/);
		const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
		expect(said).toHaveLength(2);
		expect(said.join(' ')).not.toContain('autumn');
		expect(await chat.answer.locator('[aria-live], [role=status], [role=alert]').count()).toBe(0);
	});
});

describe('a question near the limit', () => {
	it('shows its length, and cannot be asked beyond it', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const limit = MAX_QUESTION_CHARACTERS.toLocaleString('en-US');
		await chat.question.fill('a short one');
		expect(await page.getByText(limit).count()).toBe(0);
		await chat.question.fill('x'.repeat(MAX_QUESTION_CHARACTERS));
		await page.getByText(`${limit} of ${limit}`).waitFor();
		expect(await chat.button('Ask').isEnabled()).toBe(true);
		await chat.question.fill('x'.repeat(MAX_QUESTION_CHARACTERS + 1));
		await page.getByText(/too long/).waitFor();
		expect(await chat.button('Ask').isEnabled()).toBe(false);
		await chat.question.press('Enter');
		expect(await chat.turns.count()).toBe(0);
		await expectSound(page);
	});
});

describe('on a phone', () => {
	it('the choice of library and the buttons share a line, whatever the names of the libraries are', async () => {
		await using opened = await test.open({ width: 390, height: 844 });
		const { page, chat } = opened;
		await chat.library.evaluate((list) => list.append(new Option(`@${'a-very-long-name/'.repeat(4)}`)));
		const sharesLine = async (button: Locator) => {
			const [list, pressed] = await Promise.all([chat.library.boundingBox(), button.boundingBox()]);
			expect(list!.width).toBeGreaterThan(100);
			expect(pressed!.x).toBeGreaterThanOrEqual(list!.x + list!.width);
			expect(Math.abs(pressed!.y + pressed!.height / 2 - list!.y - list!.height / 2)).toBeLessThan(2);
		};
		await sharesLine(chat.button('Ask'));
		await chat.question.fill('x'.repeat(MAX_QUESTION_CHARACTERS));
		await page.getByText(/of 4,000/).waitFor();
		await sharesLine(chat.button('Ask'));
		const { promise, resolve: finish } = Promise.withResolvers<void>();
		test.http.model.queue(answer(['Plant', gate(promise)]));
		await chat.ask('When do I plant apple trees on a phone?');
		await sharesLine(chat.button('Stop'));
		await sharesLine(chat.button('New conversation'));
		finish();
		await chat.over();
		await sharesLine(chat.button('Ask'));
		await expectSound(page);
	});
});

describe('the chat in every size and theme', () => {
	it.each(LOOKS)('has no axe violation and fits the window: $name', async (look) => {
		await using opened = await test.open(look);
		const { page, chat } = opened;
		await expectSound(page);

		const release = Promise.withResolvers<void>();
		test.http.model.queue(answer([...RICH, gate(release.promise)]));
		await chat.ask(`What is all this about apple trees in ${look.name}?`);
		await chat.answer.getByText('two', { exact: true }).waitFor();
		await expectSound(page);
		release.resolve();
		await chat.over();
		await chat.turn.getByText(/retrieval/).waitFor();
		await expectSound(page);

		await chat.answer.getByRole('button', { name: 'Source 1' }).click();
		await chat.passage.waitFor();
		await expectSound(page);
		await page.keyboard.press('Escape');
		await chat.passage.waitFor({ state: 'detached' });

		test.http.model.queue(truncate(['Plant']), truncate(['Plant']));
		await chat.ask('Zyxwv qwrtp kjhgf?');
		await expect.poll(() => chat.turns.count()).toBe(2);
		await chat.over();
		await expectSound(page);
		expect(plain(await chat.turn.innerText())).not.toBe('');
	});
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, gate } from '../fixtures/model-server.ts';
import { startChatTest, type ChatPage, type ChatTest } from './chat-page.ts';
import { expectSound, plain } from './page-checks.ts';

let test: ChatTest;

/** Pages on many kinds of one tree, and one with a section so long that it is cut. */
const KINDS = [
	'Russet',
	'Pippin',
	'Codlin',
	'Reinette',
	'Costard',
	'Pearmain',
	'Beauty',
	'Crab',
	'Sweeting',
	'Joaneting'
];
const MONTHS = ['January', 'March', 'May', 'July', 'September', 'November'];
const pages = {
	...Object.fromEntries(
		KINDS.map((kind) => [
			`orchard/${kind.toLowerCase()}.md`,
			`# ${kind}\n\n${kind} apple trees are planted for ${kind.toLowerCase()} apples, which keep until ${kind.length} weeks after ${kind} day.\n`
		])
	),
	'orchard/calendar.md': `# Calendar\n\n## The year\n\n${MONTHS.map((month) =>
		`In ${month} the grafting knives of the calendar are sharpened for the apple trees. ${`${month} asks for care of bark, root and blossom. `.repeat(7)}`.trim()
	).join('\n\n')}\n`
};

beforeAll(async () => {
	test = await startChatTest({
		pages,
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

describe('the sources of an answer', () => {
	const list = (chat: ChatPage, name: string) => chat.turn.getByRole('list', { name, exact: true });
	const others = (chat: ChatPage) => chat.turn.getByText(/more sources? that/);

	it('are in sight where the answer cites them; the others that were given come on request', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const question = 'Which passages are about apple trees?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const { sources, citations } = await test.traceOf(question);
		expect(citations).toEqual([1, 2]);
		expect(sources.length).toBeGreaterThanOrEqual(10);
		const names = async (name: string) => {
			const items = await list(chat, name).getByRole('listitem').allInnerTexts();
			return items.map((text) => plain(text));
		};
		const expected = (isCited: boolean) =>
			sources
				.filter(({ n }) => citations.includes(n) === isCited)
				.map(({ n, title, heading_path }) =>
					expect.stringMatching(new RegExp(`^${n} ${heading_path.at(-1) ?? title}`))
				);
		expect(await names('Cited sources')).toEqual(expected(true));
		expect(await list(chat, 'Other sources').count()).toBe(0);
		expect(plain(await others(chat).innerText())).toBe(`${sources.length - 2} more sources that were given`);
		await others(chat).focus();
		await page.keyboard.press('Enter');
		await list(chat, 'Other sources').waitFor();
		expect(await names('Other sources')).toEqual(expected(false));
		await expectSound(page);
	});

	it('are closed while the answer is written, and say how many they are', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const release = Promise.withResolvers<void>();
		test.http.model.queue(answer(['Plant', ' them [2]', gate(release.promise), ' now.']));
		const question = 'What is going on with apple trees?';
		await chat.ask(question);
		await chat.answer.getByText('Plant').waitFor();
		const summary = chat.turn.locator('summary');
		expect(plain(await summary.innerText())).toMatch(/^\d+ sources$/);
		expect(await chat.turn.getByRole('list').count()).toBe(0);
		release.resolve();
		await chat.answered('Plant them 2 now.');
		expect(await list(chat, 'Cited sources').getByRole('button').count()).toBe(1);
		expect(await list(chat, 'Other sources').count()).toBe(0);
	});

	it('stay where they are opened, and keep the focus, when it turns out which ones are cited', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const release = Promise.withResolvers<void>();
		test.http.model.queue(answer(['Plant', ' them [2]', gate(release.promise), ' soon.']));
		await chat.ask('What goes on with apple trees?');
		await chat.answer.getByText('Plant').waitFor();
		await chat.turn.locator('summary').press('Enter');
		const second = chat.turn.locator('[data-source="2"]');
		await second.press('Enter');
		await chat.passage.waitFor();
		await page.keyboard.press('Escape');
		await chat.passage.waitFor({ state: 'detached' });
		const hasFocus = () => second.evaluate((button) => button === document.activeElement);
		await expect.poll(hasFocus).toBe(true);
		release.resolve();
		await chat.answered('Plant them 2 soon.');
		await list(chat, 'Other sources').waitFor();
		expect(await list(chat, 'Cited sources').locator('[data-source="2"]').count()).toBe(1);
		await expect.poll(hasFocus).toBe(true);
	});

	it('that an answer does not cite are all behind one line', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(answer(['I do not know.']));
		const question = 'Who knows about apple trees?';
		await chat.ask(question);
		await chat.answered('I do not know.');
		const { sources } = await test.traceOf(question);
		expect(plain(await chat.turn.locator('summary').innerText())).toBe(`${sources.length} sources`);
		expect(await chat.turn.getByRole('list').count()).toBe(0);
		await chat.turn.locator('summary').click();
		expect(await list(chat, 'Sources').getByRole('button').count()).toBe(sources.length);
	});

	it('open each, and get the focus back', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const question = 'Which passages open about apple trees?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const { sources } = await test.traceOf(question);
		await others(chat).click();
		for (const n of [2, 4]) {
			const button = chat.turn.locator(`[data-source="${n}"]`);
			await button.click();
			await chat.passage.waitFor();
			expect(plain(await chat.passage.innerText())).toContain(sources[n - 1]!.document);
			await page.keyboard.press('Escape');
			await chat.passage.waitFor({ state: 'detached' });
			await expect.poll(() => button.evaluate((each) => each === document.activeElement)).toBe(true);
		}
	});

	it('of several passages show all of them, from the first to the last', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const question = 'What does the calendar of the year say about grafting knives and apple trees?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const { sources } = await test.traceOf(question);
		const joined = sources.find(({ chunk_ids }) => chunk_ids.length > 1)!;
		expect(joined.document).toContain('calendar');
		if (joined.n > 2) await others(chat).click();
		await chat.turn.locator(`[data-source="${joined.n}"]`).click();
		const text = plain(await chat.passage.getByRole('group', { name: 'Text of the passage' }).innerText());
		for (const paragraph of joined.text.split('\n\n')) expect(text).toContain(plain(paragraph));
	});
});

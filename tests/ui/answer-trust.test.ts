import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';
import { expectSound, plain } from './page-checks.ts';

let test: ChatTest;
beforeAll(async () => {
	test = await startChatTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

const THIN = 'How do I install Docker on a boat?';
const REFUSED = 'Which vaccine protects against yellow fever?';

describe('an answer from thin evidence', () => {
	it('says so, on the page and in its trace', async () => {
		await using opened = await test.open();
		const { chat, page } = opened;
		await chat.ask(THIN);
		await chat.over();
		await chat.turn.getByRole('group', { name: 'Thin evidence' }).waitFor();
		await expect.poll(() => chat.announcement()).toContain('The evidence is thin.');
		await expectSound(opened.page);
		const { trace_id } = await test.traceOf(THIN);
		await page.goto(`${test.http.app.url}/dashboard/traces/${trace_id}`);
		await page.getByText('Thin evidence').first().waitFor();
	});

	it('may be refused by the model, whose marker is not shown', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(answer(['[[NO_', 'ANSWER]]', ' They cover mooring lines.']));
		await chat.ask(THIN);
		await chat.over();
		await expect.poll(async () => plain(await chat.turn.innerText())).toContain('They cover mooring lines.');
		const text = plain(await chat.turn.innerText());
		expect(text).toContain('Refused by the model');
		expect(text).not.toContain('NO_ANSWER');
	});
});

describe('a refusal', () => {
	it('can be asked on after: of all libraries, and from what there is', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		await chat.library.selectOption('harbor');
		await chat.ask(REFUSED);
		await chat.over();
		expect(plain(await chat.turn.innerText())).toContain('Refused by the evidence gate');
		await expectSound(opened.page);
		await chat.button('Ask all libraries').click();
		await expect.poll(() => chat.turns.count()).toBe(2);
		await chat.over();
		expect((await test.traceOf(REFUSED)).library_filter).toBe(null);
		expect(await chat.turns.last().getByRole('button', { name: 'Ask all libraries' }).count()).toBe(0);
		await chat.turns.last().getByRole('button', { name: 'Answer from what there is' }).click();
		await expect.poll(() => chat.turns.count()).toBe(3);
		await chat.over();
		const { status, steps } = await test.traceOf(REFUSED);
		expect(status).toBe('success');
		expect(steps.find(({ name }) => name === 'evidence_gate')!.details).toMatchObject({
			answer_anyway: true
		});
	});
});

describe('support of sentences', () => {
	const QUESTION = 'How do I plant apple trees?';
	const written = [
		'Plant apple trees four metres apart, in autumn, in loamy soil [1].',
		' Paint the **rocket** engine purple every seventeen hours [1].'
	];

	it('is told below the answer, and marks what no source bears out', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(answer(written));
		await chat.ask(QUESTION);
		await chat.over();
		const line = plain(await chat.turn.locator('[data-support]').innerText());
		expect(line).toContain('1 quoted, 1 not in its sources');
		expect(line).toContain('A judgement of words');
		const marked = async () => plain((await chat.answer.locator('mark.none').allInnerTexts()).join(''));
		await expect.poll(marked).toContain('Paint the rocket engine purple');
		expect(await marked()).not.toContain('Plant apple trees');
		await expectSound(opened.page);
		const { support } = await test.traceOf(QUESTION);
		expect(support.map(({ level }) => level)).toEqual(['quoted', 'none']);
	});

	it('opens the passage with the words highlighted that bear the sentence out', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(answer(written));
		await chat.ask(QUESTION);
		await chat.over();
		await chat.answer.getByRole('button', { name: 'Source 1' }).first().click();
		const words = () => chat.passage.locator('mark.supporting').allInnerTexts();
		await expect.poll(words).toEqual(expect.arrayContaining(['metres', 'autumn', 'loamy', 'soil']));
		await expectSound(opened.page);
	});
});

it('the dashboard counts and filters by evidence', async () => {
	await using own = await startChatTest();
	for (const question of [THIN, REFUSED, 'How do I plant apple trees?'])
		await (await own.http.post('/ask', { question })).json();
	await using opened = await own.open(undefined, '/');
	const { page } = opened;
	await page.goto(`${own.http.app.url}/dashboard`);
	const judged = page.getByTestId('judged');
	await expect.poll(async () => plain(await judged.innerText())).toContain('Thin evidence: 1 question.');
	expect(plain(await judged.innerText())).toContain('Refused by the evidence gate: 1.');
	await page.getByRole('combobox', { name: 'Evidence' }).selectOption('thin');
	await expect.poll(() => page.locator('[data-trace]').count()).toBe(1);
	expect(page.url()).toContain('evidence=thin');
	expect(plain(await page.locator('[data-trace]').innerText())).toContain('thin');
	await expectSound(opened.page);
});

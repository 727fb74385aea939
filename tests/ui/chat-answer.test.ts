import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latencyParts } from '#lib/ui/chat/latency.ts';
import { formatDuration } from '#lib/ui/format/index.ts';
import { answer } from '../fixtures/model-server.ts';
import { startChatTest, type ChatTest } from './chat-page.ts';
import { plain } from './page-checks.ts';

let test: ChatTest;

beforeAll(async () => {
	test = await startChatTest({ model: { script: answer(['Plant', ' them', ' in', ' autumn', ' [1].']) } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

const ANSWER = 'Plant them in autumn 1.';

describe('below an answer', () => {
	it('one line says where the time went, as the trace has it, and leads to the trace', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		await chat.ask('Where did the time of apple trees go?');
		await chat.answered(ANSWER);
		await chat.turn.getByText(/retrieval/).waitFor();
		const trace = await test.traceOf('Where did the time of apple trees go?');
		const text = plain(await chat.turn.innerText());
		expect(text).toContain(plain(formatDuration(trace.total_duration_ms)));
		for (const { label, duration_ms } of latencyParts(trace)) {
			expect(text).toContain(plain(`${label} ${formatDuration(duration_ms)}`));
		}
		expect(text).toContain(plain(`first token ${formatDuration(trace.time_to_first_token_ms)}`));
		await chat.turn.getByRole('link', { name: 'Trace' }).click();
		await page.waitForURL(`**/dashboard/traces/${trace.trace_id}`);
	});

	it('the trace looks the same, however the reader comes to it', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const ledger = async () => {
			await page.locator('tr[data-chunk]').first().waitFor();
			await page.evaluate(() => document.fonts.ready);
			return page.locator('tr[data-chunk] > *').evaluateAll((cells) =>
				cells.map((cell) => {
					const { x, width, height } = cell.getBoundingClientRect();
					return { x, width, height, display: getComputedStyle(cell).display };
				})
			);
		};
		await chat.ask('How does the trace of apple trees look?');
		await chat.answered(ANSWER);
		await chat.turn.getByRole('link', { name: 'Trace' }).click();
		await page.waitForURL('**/dashboard/traces/*');
		const fromChat = await ledger();
		await page.reload();
		expect(fromChat).toEqual(await ledger());
	});

	it('its Markdown can be copied, with the numbered list of the sources that it cites', async () => {
		await using opened = await test.open();
		const { page, chat, context } = opened;
		await context.grantPermissions(['clipboard-read', 'clipboard-write']);
		await chat.ask('How far apart are apple trees, to be copied?');
		await chat.answered(ANSWER);
		await chat.button('Copy').click();
		await chat.button('Copied').waitFor();
		const copied = await page.evaluate(() => navigator.clipboard.readText());
		const { sources } = await test.traceOf('How far apart are apple trees, to be copied?');
		expect(copied).toContain('Plant them in autumn [1].');
		const listed = [...copied.matchAll(/^- \[(\d+)\] (.+)$/gm)];
		expect(listed.map(([, n]) => n)).toEqual(['1']);
		expect(listed[0]![2]).toContain(sources[0]!.heading_path.at(-1) ?? sources[0]!.title);
	});

	it('thumbs and a comment are stored with the trace', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		const question = 'How good is the answer about apple trees?';
		await chat.ask(question);
		await chat.answered(ANSWER);
		const feedback = async () => (await test.traceOf(question)).feedback;
		expect(await feedback()).toBeNull();
		await chat.button('Good answer').click();
		await expect.poll(feedback).toEqual({ rating: 'up', comment: null });
		expect(await chat.button('Good answer').getAttribute('aria-pressed')).toBe('true');
		await chat.button('Bad answer').click();
		await expect.poll(feedback).toEqual({ rating: 'down', comment: null });
		expect(await chat.button('Good answer').getAttribute('aria-pressed')).toBe('false');
		await chat.turn.getByRole('textbox', { name: /comment/i }).fill('No word about the soil');
		await chat.button('Send').click();
		await expect.poll(feedback).toEqual({ rating: 'down', comment: 'No word about the soil' });
	});

	it('says so when a rating could not be stored', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		await chat.ask('Is this rated when the line is cut?');
		await chat.answered(ANSWER);
		await page.route('**/trpc/feedback*', (route) => route.abort());
		await chat.button('Good answer').click();
		await expect.poll(async () => plain(await chat.turn.innerText())).toMatch(/could not be/);
		expect(await chat.button('Good answer').getAttribute('aria-pressed')).toBe('false');
	});
});

describe('asking again', () => {
	it('replaces the answer', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		test.http.model.queue(answer(['First', ' try.']), answer(['Second', ' try.']));
		await chat.ask('Which try is this about apple trees?');
		await chat.answered('First try.');
		await chat.button('Ask again').click();
		await chat.answered('Second try.');
		expect(await chat.turns.count()).toBe(1);
	});
});

describe('a conversation', () => {
	it('is still there after a look at a trace, and goes on', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		await chat.ask('Is this about apple trees kept?');
		await chat.answered(ANSWER);
		const first = await test.traceOf('Is this about apple trees kept?');
		await chat.turn.getByRole('link', { name: 'Trace' }).click();
		await page.waitForURL('**/dashboard/traces/*');
		await page.goBack();
		await chat.answered(ANSWER);
		await chat.ask('And how far apart are the kept ones?');
		await expect.poll(() => chat.turns.count()).toBe(2);
		await chat.over();
		const second = await test.traceOf('And how far apart are the kept ones?');
		expect(second.conversation_id).toBe(first.trace_id);
	});
});

describe('a follow-up', () => {
	it('belongs to the conversation of the first question, until a new one is begun', async () => {
		await using opened = await test.open();
		const { chat } = opened;
		await chat.ask('When do I plant apple trees first?');
		await chat.answered(ANSWER);
		const first = await test.traceOf('When do I plant apple trees first?');
		expect(first.conversation_id).toBeNull();
		await chat.ask('And how far apart are they?');
		await expect.poll(() => chat.turns.count()).toBe(2);
		await chat.over();
		const second = await test.traceOf('And how far apart are they?');
		expect(second.conversation_id).toBe(first.trace_id);
		await chat.ask('And in which soil are they?');
		await expect.poll(() => chat.turns.count()).toBe(3);
		await chat.over();
		expect((await test.traceOf('And in which soil are they?')).conversation_id).toBe(first.trace_id);

		await chat.button('New conversation').click();
		await expect.poll(() => chat.turns.count()).toBe(0);
		await chat.ask('When do I prune apple trees, by the way?');
		await chat.answered(ANSWER);
		const other = await test.traceOf('When do I prune apple trees, by the way?');
		expect(other.conversation_id).toBeNull();
	});
});

describe('the library', () => {
	it('is sent, stands in the address, and is remembered for the next visit', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		expect(await chat.library.getByRole('option').allInnerTexts()).toHaveLength(3);
		await chat.library.selectOption('harbor');
		await page.waitForURL('**/?library=harbor');
		await chat.ask('What are the lines of a boat for?');
		await chat.answered(ANSWER);
		const trace = await test.traceOf('What are the lines of a boat for?');
		expect(trace.library_filter).toBe('harbor');
		expect([...new Set(trace.sources.map(({ library }) => library))]).toEqual(['harbor']);

		await page.goto(`${test.http.app.url}/`);
		await chat.ready();
		await expect.poll(() => chat.library.inputValue()).toBe('harbor');
		await chat.library.selectOption('');
		await page.goto(`${test.http.app.url}/`);
		await chat.ready();
		expect(await chat.library.inputValue()).toBe('');
	});

	it('of the address counts before it is known which libraries there are', async () => {
		await using opened = await test.open();
		const { page, chat } = opened;
		const listed = Promise.withResolvers<void>();
		await page.route('**/trpc/libraries*', async (route) => {
			await listed.promise;
			await route.continue();
		});
		const awake = page.waitForRequest('**/trpc/libraries*');
		await page.goto(`${test.http.app.url}/?library=harbor`);
		await awake;
		test.http.model.queue(answer(['Early.']));
		await chat.ask('Which mooring lines are taken in a hurry?');
		await chat.answered('Early.');
		listed.resolve();
		await expect.poll(() => chat.library.inputValue()).toBe('harbor');
		expect((await test.traceOf('Which mooring lines are taken in a hurry?')).library_filter).toBe('harbor');
	});

	it('of the address wins over the remembered one; one that is not indexed is none', async () => {
		await using opened = await test.open({}, '/?library=orchard');
		const { page, chat } = opened;
		await expect.poll(() => chat.library.inputValue()).toBe('orchard');
		await page.goto(`${test.http.app.url}/?library=nothing-like-it`);
		await chat.ready();
		await chat.ask('Which library is asked about apple trees?');
		await chat.answered(ANSWER);
		expect((await test.traceOf('Which library is asked about apple trees?')).library_filter).toBeNull();
	});
});

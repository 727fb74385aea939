import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { droppedAtSchema, NO_USAGE, QUOTING, type Candidate, type Trace } from '#lib/contract/trace.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { formatDuration, formatScore } from '#lib/ui/format/index.ts';
import { stagesOf } from '#lib/ui/trace/ledger.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { startCuttingProxy } from '../fixtures/cutting-proxy.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';
import { startHttpTest, type HttpTest } from '../http/setup.ts';
import { answer, errorStatus, gate } from '../fixtures/model-server.ts';
import { openBrowser } from './browser.ts';
import { eventually, expectSound, LOOKS, openPage, plain, textOf, type Look } from './page-checks.ts';
import { randomNumbers, sampleTrace } from './sample-traces.ts';

const TRACEBACK = `Why does it crash?\n\nTraceback:\n${'  File "app.py", line 7, in call\n    return await call(scope)\n'.repeat(25)}KeyError: 'user'`;

let test: HttpTest;
let browser: Browser;
/** Questions that were really asked. */
let answered: Trace;
let failed: Trace;

let data: TempFolder;
/** An application over made-up traces, for what is hard to bring about. */
let archive: App;
let refused: Trace;
let large: Trace;
/** With all columns of the ledger, and a passage for each reason to be left out. */
let wide: Trace;
/** Answered with quotations, without a model. */
let quoted: Trace;
/** As a server leaves it that is killed in the middle: text and sources, no figures. */
let interrupted: Trace;

beforeAll(async () => {
	data = await tempFolder();
	const random = randomNumbers(9);
	refused = sampleTrace(random, { status: 'refused' });
	large = sampleTrace(random, { status: 'success', candidates: 300 });
	interrupted = {
		...sampleTrace(random, { status: 'interrupted' }),
		...{ steps: [], candidates: [], prompt: [], model: null, time_to_first_token_ms: null }
	};
	const searched = sampleTrace(random, { status: 'success' });
	const ranked = { rank: 124, score: 0.0107 };
	wide = {
		...searched,
		candidates: searched.candidates.map((candidate, at) => ({
			...candidate,
			parts: ranked,
			pages: ranked,
			dropped_at: candidate.in_context ? null : droppedAtSchema.options[at % droppedAtSchema.options.length]!
		}))
	};
	quoted = {
		...sampleTrace(random, { status: 'success' }),
		...{ model: QUOTING, usage: NO_USAGE, cost_usd: 0, prompt: [], question: TRACEBACK }
	};
	const store = new SqliteTraceStore(data.path);
	for (const trace of [refused, large, wide, quoted, interrupted]) store.create(trace);
	store.close();
	[test, archive, browser] = await Promise.all([
		startHttpTest({
			// So few that not all passages of the small index have room.
			env: { CHAT_MODEL: 'test-model', SOURCE_TOKENS: '110' },
			model: { script: answer(['Plant', ' them', ' in', ' autumn', ' [1].'], { everyMs: 15 }) }
		}),
		startApp({ dataDir: data.path }),
		openBrowser()
	]);
	const ask = async (question: string) => {
		const said = (await (await test.post('/ask', { question })).json()) as { trace_id: string };
		return test.json<Trace>(`/traces/${said.trace_id}`);
	};
	answered = await ask('When and where do I plant apple trees?');
	test.model.queue(errorStatus(400));
	failed = await ask('When do I prune apple trees?');
	expect([answered.status, failed.status]).toEqual(['success', 'error']);
});
afterAll(async () => {
	await browser?.close();
	await test?.[Symbol.asyncDispose]();
	await archive?.[Symbol.asyncDispose]();
	await data?.[Symbol.asyncDispose]();
});

const address = (trace: Trace) =>
	`${[refused, large, wide, quoted].includes(trace) ? archive.url : test.app.url}/dashboard/traces/${trace.trace_id}`;
const chunksOf = (page: Page) =>
	page.locator('tr[data-chunk]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-chunk')));
const idsOf = (candidates: readonly Candidate[]) => candidates.map(({ chunk_id }) => chunk_id);

describe('the head of a trace', () => {
	it('has the question, status, times, tokens and model of the trace', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		expect(await textOf(page, 'h1')).toBe(answered.question);
		const head = plain(await page.locator('main header').first().innerText());
		expect(head).toContain('Answered');
		expect(head).toContain('POST /ask');
		expect(head).toContain('All libraries');
		expect(head).toContain(plain(formatDuration(answered.total_duration_ms)));
		expect(head).toContain(plain(formatDuration(answered.time_to_first_token_ms)));
		expect(head).toContain(String(answered.usage.total_tokens));
		expect(head).toContain(answered.model!);
		// The test model has no price: unknown, never 0.
		expect(answered.cost_usd).toBeNull();
		expect(head).toContain('Cost unknown');
	});

	it('keeps a pasted traceback in its lines, and small enough that its answer is in sight', async () => {
		await using opened = await openPage(browser, address(quoted), { width: 390, height: 844 });
		const { page } = opened;
		const heading = page.getByRole('heading', { level: 1 });
		expect(await heading.innerText()).toBe(quoted.question);
		expect((await heading.boundingBox())!.height).toBeLessThan(200);
		await expectSound(page);
	});

	it('says of quotations that no model was asked', async () => {
		await using opened = await openPage(browser, address(quoted));
		const { page } = opened;
		expect(await textOf(page, 'header dl, main dl')).toMatch(
			/Tokens none no model was asked Cost \$0 Model extractive quotations$/
		);
		await page.getByText('Nothing is kept here: no model was asked').waitFor();
	});

	it('gives the trace as JSON, copied and opened', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page, context } = opened;
		await context.grantPermissions(['clipboard-read', 'clipboard-write']);
		await page.getByRole('button', { name: 'Copy as JSON' }).click();
		await page.getByRole('button', { name: 'Copied' }).waitFor();
		const copied = await page.evaluate(() => navigator.clipboard.readText());
		expect(JSON.parse(copied)).toEqual(answered);
		await page.getByRole('link', { name: 'Open as JSON' }).click();
		await page.waitForURL(`**/traces/${answered.trace_id}`);
		expect(JSON.parse(await page.locator('body').innerText())).toEqual(answered);
	});

	it('says what failed, in words and with the code', async () => {
		await using opened = await openPage(browser, address(failed));
		const head = plain(await opened.page.locator('main header').first().innerText());
		expect(head).toContain('Failed');
		expect(head).toContain(plain(failed.error!.message));
		expect(head).toContain(failed.error!.code);
	});
});

describe('the timeline', () => {
	it('has a row for each step and one for the unaccounted time, with their durations', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const rows = await page
			.locator('tr[data-step]')
			.evaluateAll((all) =>
				all.map((each) => [
					each.getAttribute('data-step'),
					each.querySelector('td:nth-of-type(2)')?.textContent
				])
			);
		expect(rows).toEqual([
			...answered.steps.map(({ name, duration_ms }) => [name, formatDuration(duration_ms)]),
			['unaccounted', formatDuration(answered.unaccounted_ms)]
		]);
	});

	it('opens the details of a step by keyboard', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const generation = page.locator('tr[data-step="llm_generation"] button');
		await generation.focus();
		await page.keyboard.press('Enter');
		expect(await generation.getAttribute('aria-expanded')).toBe('true');
		const details = plain(await page.locator('tr.details').innerText());
		const step = answered.steps.find(({ name }) => name === 'llm_generation')!;
		expect(details).toContain(`Model ${step.details.model}`);
		expect(details).toContain(`Finish reason ${step.details.finish_reason}`);
		await page.keyboard.press('Enter');
		expect(await page.locator('tr.details').count()).toBe(0);
	});

	it('spreads what came before generation over the whole axis when asked to', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const width = () =>
			page
				.locator('tr[data-step="retrieval_bm25"] .lane b')
				.evaluate((bar) => Number.parseFloat((bar as HTMLElement).style.width));
		const whole = await width();
		const zoom = page.getByRole('button', { name: 'Before generation' });
		await zoom.click();
		expect(await zoom.getAttribute('aria-pressed')).toBe('true');
		expect(await width()).toBeGreaterThan(whole);
	});
});

describe('the ledger', () => {
	it('has the candidates of the trace, with rank and score at every stage', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		expect(await chunksOf(page)).toEqual(idsOf(answered.candidates));
		const cells = await page
			.locator('tr[data-chunk]')
			.evaluateAll((rows) =>
				rows.map((row) =>
					[...row.querySelectorAll('td[data-stage]')].map((cell) =>
						[...cell.querySelectorAll('span')].map((part) => part.textContent).join(' ')
					)
				)
			);
		expect(cells).toEqual(
			answered.candidates.map((candidate) =>
				stagesOf(answered.candidates).map((stage) => {
					const ranked = candidate[stage];
					return ranked ? `#${ranked.rank} ${formatScore(ranked.score)}` : '–';
				})
			)
		);
	});

	it('is filtered to those in context, cited and dropped', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const inContext = answered.candidates.filter(({ in_context }) => in_context);
		const cited = answered.candidates.filter((candidate) => candidate.cited);
		const dropped = answered.candidates.filter(({ in_context }) => !in_context);
		expect(inContext.map(({ chunk_id }) => chunk_id).toSorted()).toEqual(
			answered.sources.flatMap(({ chunk_ids }) => chunk_ids).toSorted()
		);
		expect(cited.length).toBe(1);
		expect(dropped.length).toBeGreaterThan(0);
		for (const [name, wanted] of [
			['in_context', inContext],
			['cited', cited],
			['dropped', dropped],
			['all', answered.candidates]
		] as const) {
			const chip = page.locator(`[data-filter="${name}"]`);
			await chip.click();
			expect(await chip.getAttribute('aria-pressed')).toBe('true');
			expect(plain(await chip.innerText())).toMatch(new RegExp(` ${wanted.length}$`));
			await eventually(() => chunksOf(page)).toEqual(idsOf(wanted));
		}
	});

	it('keeps all of three hundred candidates, sorted and filtered at once', async () => {
		await using opened = await openPage(browser, address(large));
		const { page } = opened;
		expect(await chunksOf(page)).toEqual(idsOf(large.candidates));
		await page.locator('[data-filter="dropped"]').click();
		await page.getByRole('columnheader', { name: 'Semantic' }).getByRole('button').click();
		const dropped = large.candidates.filter(({ in_context }) => !in_context);
		const seen = dropped
			.filter(({ semantic }) => semantic)
			.toSorted((a, b) => a.semantic!.rank - b.semantic!.rank);
		await eventually(() => chunksOf(page)).toEqual(
			idsOf([...seen, ...dropped.filter(({ semantic }) => !semantic)])
		);
	});

	it.each([1280, 390])('says what a score is made of, in sight at %d px', async (width) => {
		await using opened = await openPage(browser, address(answered), { width, height: 844 });
		const { page } = opened;
		const [first] = answered.candidates;
		const row = page.locator(`tr[data-chunk="${first!.chunk_id}"]`);
		await row.getByRole('button', { name: 'Why' }).click();
		const parts = row.locator('xpath=following-sibling::tr[1]').locator('dl');
		await parts.waitFor();
		expect(plain(await parts.innerText())).toContain('document bm25');
		const scroller = await page.getByRole('region', { name: 'Ledger of candidates' }).boundingBox();
		for (const part of await parts.locator('div').all()) {
			const box = await part.boundingBox();
			expect(box!.x).toBeGreaterThanOrEqual(scroller!.x);
			expect(box!.x + box!.width).toBeLessThanOrEqual(scroller!.x + scroller!.width);
		}
		await expectSound(page);
	});

	it('says why a passage was not given', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const dropped = answered.candidates.find(({ dropped_at }) => dropped_at === 'budget')!;
		const outcome = page.locator(`tr[data-chunk="${dropped.chunk_id}"] .outcome`);
		expect(plain(await outcome.innerText())).toContain('Dropped: no room in SOURCE_TOKENS');
	});

	it('has every column in sight at 1280 px, whatever became of the passages', async () => {
		await using opened = await openPage(browser, address(wide));
		const { page } = opened;
		const reasons = new Set(wide.candidates.map(({ dropped_at }) => dropped_at));
		expect(reasons).toEqual(new Set([null, ...droppedAtSchema.options]));
		const scroller = page.getByRole('region', { name: 'Ledger of candidates' });
		await scroller.locator('.outcome').first().waitFor();
		expect(await scroller.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
	});

	it('leads from each passage of a source to it, a neighbour that no search found among them', async () => {
		await using opened = await openPage(browser, address(large));
		const { page } = opened;
		const joined = large.sources.find(({ chunk_ids }) => chunk_ids.length > 1)!;
		const source = page.locator(`#source-${joined.n}`);
		expect(plain(await source.locator('summary').innerText())).toContain('· 2 passages');
		for (const id of joined.chunk_ids) {
			const row = page.locator(`tr[data-chunk="${id}"]`);
			await row.getByRole('link', { name: `In context [${joined.n}]` }).click();
			const summary = source.locator('summary');
			await eventually(() => summary.evaluate((each) => each === document.activeElement)).toBe(true);
		}
		const marks = await page
			.locator('tr[data-chunk]')
			.evaluateAll((rows) =>
				rows
					.filter((row) => row.querySelector('.outcome')!.textContent.includes('neighbour'))
					.map((row) => row.getAttribute('data-chunk'))
			);
		expect(marks).toEqual([joined.chunk_ids[1]]);
	});

	it('is sorted by a stage with the keyboard: best first, worst first, then as it was', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const header = page.getByRole('columnheader', { name: 'BM25' });
		await header.getByRole('button').focus();
		const seen = answered.candidates
			.filter(({ bm25 }) => bm25)
			.toSorted((a, b) => a.bm25!.rank - b.bm25!.rank);
		const unseen = answered.candidates.filter(({ bm25 }) => !bm25);
		await page.keyboard.press('Enter');
		await eventually(() => chunksOf(page)).toEqual(idsOf([...seen, ...unseen]));
		expect(await header.getAttribute('aria-sort')).toBe('ascending');
		await page.keyboard.press('Enter');
		await eventually(() => chunksOf(page)).toEqual(idsOf([...seen.toReversed(), ...unseen]));
		expect(await header.getAttribute('aria-sort')).toBe('descending');
		await page.keyboard.press('Enter');
		await eventually(() => chunksOf(page)).toEqual(idsOf(answered.candidates));
	});
});

describe('the texts', () => {
	it('are the answer, the sources and the prompt, message by message', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const section = (name: string) => page.getByRole('region', { name, exact: true });
		expect(plain(await section('Answer').innerText())).toContain('Plant them in autumn');
		for (const source of answered.sources) {
			const item = page.locator(`#source-${source.n}`);
			await item.locator('summary').click();
			await eventually(async () => plain(await item.locator('.text').innerText())).toContain(
				plain(source.text.replaceAll(/[#*`]/g, '')).slice(0, 40)
			);
			expect(plain(await item.locator('summary').innerText()).endsWith('Cited')).toBe(
				answered.citations.includes(source.n)
			);
		}
		const messages = section('Prompt').locator('li');
		expect(await messages.count()).toBe(answered.prompt.length);
		for (const [index, message] of answered.prompt.entries()) {
			await messages.nth(index).locator('summary').click();
			expect(await messages.nth(index).locator('pre').textContent()).toBe(message.content);
		}
	});

	it('lead from a citation of the answer, and from the ledger, to the source', async () => {
		await using opened = await openPage(browser, address(answered));
		const { page } = opened;
		const source = page.locator('#source-1 details');
		const isOpen = () => source.evaluate((details) => (details as HTMLDetailsElement).open);
		expect(await isOpen()).toBe(false);
		await page
			.getByRole('region', { name: 'Answer', exact: true })
			.getByRole('button', { name: /^Source 1: / })
			.click();
		expect(await isOpen()).toBe(true);
		expect(await source.locator('summary').evaluate((summary) => summary === document.activeElement)).toBe(
			true
		);
		await source.locator('summary').press('Enter');
		expect(await isOpen()).toBe(false);
		await page.getByRole('link', { name: 'In context [1]' }).click();
		expect(await isOpen()).toBe(true);
	});

	it('say that no model was asked when the question was refused', async () => {
		await using opened = await openPage(browser, address(refused));
		const { page } = opened;
		expect(await page.locator('tr[data-step="llm_generation"]').count()).toBe(0);
		const head = plain(await page.locator('main header').first().innerText());
		expect(head).toContain('Model none asked');
		expect(head).toContain('Tokens none no model was asked');
	});
});

describe('a run that is not over', () => {
	it('is shown as running, and as it ended as soon as it has', async () => {
		const release = Promise.withResolvers<void>();
		test.model.queue(answer(['In', gate(release.promise), ' winter [1].']));
		const arrived = test.model.nextCall();
		const asked = test.post('/ask', { question: 'When do apple trees sleep?' });
		await arrived;
		const [newest] = await test.json<Trace[]>('/traces?limit=1');
		await using opened = await openPage(browser, `${test.app.url}/dashboard/traces/${newest!.trace_id}`);
		const { page } = opened;
		expect(await textOf(page, '.status')).toBe('Running');
		expect(await textOf(page, '[data-testid="total"]')).toBe('running');
		release.resolve();
		await asked;
		await eventually(() => textOf(page, '.status')).toBe('Answered');
		await page.locator('tr[data-chunk]').first().waitFor();
	});

	it('stays on the page while the server is away, and ends as soon as it is back', async () => {
		const release = Promise.withResolvers<void>();
		test.model.queue(answer(['In', gate(release.promise), ' summer [1].']));
		const arrived = test.model.nextCall();
		const question = 'When do I prune cherry trees?';
		const asked = test.post('/ask', { question });
		await arrived;
		const [newest] = await test.json<Trace[]>('/traces?limit=1');
		await using proxy = await startCuttingProxy(test.app.url);
		await using opened = await openPage(browser, `${proxy.url}/dashboard/traces/${newest!.trace_id}`);
		const { page } = opened;
		await eventually(() => textOf(page, '.status')).toBe('Running');
		// What the framework fetches for the case that the line is lost must have come before it is.
		await page.waitForLoadState('networkidle');
		proxy.refuse(true);
		proxy.cut();
		await page.getByText('could not be reached').waitFor();
		expect(await textOf(page, 'h1')).toBe(question);
		release.resolve();
		await asked;
		proxy.refuse(false);
		await eventually(() => textOf(page, '.status')).toBe('Answered');
		expect(await page.getByText('could not be reached').count()).toBe(0);
	});

	it('because the server died says so, and claims nothing about what was not written', async () => {
		await using opened = await openPage(browser, `${archive.url}/dashboard/traces/${interrupted.trace_id}`);
		const { page } = opened;
		expect(await textOf(page, '.status')).toBe('Interrupted');
		const text = plain(await page.locator('main').innerText());
		expect(text).toContain('First token unknown');
		expect(text).toContain('Model unknown');
		expect(text.match(/It was not written: the server stopped/g)).toHaveLength(3);
		expect(text).not.toMatch(/none came|none asked|has run|returned a passage/);
	});
});

describe('a trace that is not there', () => {
	it('is a 404 page with a way on', async () => {
		const response = await fetch(`${test.app.url}/dashboard/traces/no-such-trace`, {
			headers: { accept: 'text/html' }
		});
		expect(response.status).toBe(404);
		await using opened = await openPage(browser, `${test.app.url}/dashboard/traces/no-such-trace`);
		const { page } = opened;
		await page.getByRole('heading', { name: 'There is no such trace' }).waitFor();
		await expectSound(page);
		await page.getByRole('link', { name: 'Open the dashboard' }).click();
		await page.waitForURL('**/dashboard');
	});
});

describe('every kind of trace, in every size and theme,', () => {
	const [lightWide, lightNarrow, darkWide, darkNarrow] = LOOKS as [Look, Look, Look, Look];
	it.each([
		{ kind: 'answered', look: lightWide },
		{ kind: 'answered', look: darkNarrow },
		{ kind: 'refused', look: lightNarrow },
		{ kind: 'failed', look: darkWide },
		{ kind: 'failed', look: lightNarrow }
	] as const)('has no axe violation and fits the window: $kind in $look.name', async ({ kind, look }) => {
		await using opened = await openPage(browser, address({ answered, refused, failed }[kind]), look);
		const { page } = opened;
		for (const summary of await page.locator('main summary').all()) await summary.click();
		for (const step of await page.locator('tr[data-step] button').all()) await step.click();
		await expectSound(page);
	});
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source } from '#lib/contract/chunk.ts';
import type { Browser } from 'playwright-core';
import { MARKUP_ATTACKS, OWN_HOST } from '../fixtures/markup-attacks.ts';
import type { Streamed } from '../fixtures/rendering-page.ts';
import { openBrowser } from './browser.ts';
import { bundleComponents, isCanary, openRenderingPage, type RenderingPage } from './rendering-page.ts';
import { randomNumbers, sampleTrace } from './sample-traces.ts';

/** What the page offers, seen from the functions that run in it. */
interface InPage {
	rendering: {
		stream(question: string, text: string, sources: Source[], look: unknown): Promise<Streamed>;
		show(name: string, props: object, look: unknown): Promise<Streamed>;
	};
	look: (root: Element) => { elements: number; found: string[] };
}

let browser: Browser;
let script: string;

beforeAll(async () => {
	[browser, script] = await Promise.all([openBrowser(), bundleComponents()]);
});
afterAll(() => browser?.close());

/** A source all of whose words come from an attacker, but for the address of its page. */
const source = (text: string, n = 1): Source => ({
	n,
	chunk_id: `chunk-${n}`,
	chunk_ids: [`chunk-${n}`],
	library: text,
	document: text,
	title: text,
	heading_path: [text, `Heading ${text}`],
	url: `https://${OWN_HOST}/page`,
	anchor: text.toWellFormed(),
	text
});

async function expectHarmless({ hits, requests }: RenderingPage): Promise<void> {
	expect(await hits()).toBe(0);
	expect(requests).toEqual([]);
}

describe('A corpus of attacks', () => {
	test('is large, and each of its texts is there once', () => {
		expect(MARKUP_ATTACKS.length).toBeGreaterThanOrEqual(100);
		expect(new Set(MARKUP_ATTACKS.map(({ text }) => text)).size).toBe(MARKUP_ATTACKS.length);
	});

	test('is armed: put into a page as it is, it runs, asks and is found', async () => {
		await using opened = await openRenderingPage(browser, script);
		const found = await opened.page.evaluate(
			async (texts) => {
				const { look } = globalThis as unknown as InPage;
				const all: string[] = [];
				for (const text of texts) {
					const target = document.createElement('div');
					target.className = 'markdown';
					const block = document.createElement('div');
					block.className = 'block';
					block.innerHTML = text;
					target.append(block);
					document.body.append(target);
					all.push(...look(target).found);
				}
				return all;
			},
			MARKUP_ATTACKS.map(({ text }) => text).filter((text) => !/http-equiv|<portal/.test(text))
		);
		expect(found.length).toBeGreaterThan(100);
		// Browsers tell of a picture that is not there whenever they get to it.
		await expect.poll(opened.hits).toBeGreaterThan(10);
		await expect.poll(() => opened.requests.filter(isCanary).length).toBeGreaterThan(10);
	});

	test('streamed through the chat character by character: nothing runs, nothing leaves, nothing is out of place', async () => {
		await using opened = await openRenderingPage(browser, script);
		const results = await opened.page.evaluate(
			({ texts, sources }) => {
				const { rendering, look } = globalThis as unknown as InPage;
				return Promise.all(texts.map((text) => rendering.stream(text, text, sources, look)));
			},
			{ texts: MARKUP_ATTACKS.map(({ text }) => text), sources: [source('One'), source('Two', 2)] }
		);
		const found = results.flatMap((result, index) =>
			[...new Set(result.found)].map((each) => `${MARKUP_ATTACKS[index]!.name}: ${each}`)
		);
		expect(found).toEqual([]);
		await expectHarmless(opened);
		// Every character was a step of its own, and the end one more.
		expect(results.map(({ steps }) => steps)).toEqual(MARKUP_ATTACKS.map(({ text }) => text.length + 1));
		console.info(
			`${MARKUP_ATTACKS.length} attacks, ${sum(results.map(({ steps }) => steps))} steps, ${sum(results.map(({ elements }) => elements))} elements`
		);
	}, 240_000);

	test('as document and trace: nothing runs, nothing leaves, nothing is out of place', async () => {
		await using opened = await openRenderingPage(browser, script);
		const shown = MARKUP_ATTACKS.flatMap(({ text }): { name: string; props: object; text: string }[] => {
			// The address of a page comes from whoever indexes it; still nothing but an address of the web may become a link.
			const sources = [source(text), { ...source(text, 2), url: /^https?:/.test(text) ? null : text }];
			const trace = {
				...sampleTrace(randomNumbers(1), { question: text, status: 'error', candidates: 1 }),
				standalone_question: `${text} again`,
				feedback: { rating: 'down' as const, comment: text },
				error: { code: 'internal' as const, message: text },
				library_filter: text,
				model: text
			};
			const candidates = trace.candidates.map((candidate) => ({ ...candidate, ...source(text) }));
			return [
				{ name: 'PassagePopover', props: { source: sources[0], anchor: null, onclose: null } },
				{ name: 'PassagePopover', props: { source: sources[1], anchor: null, onclose: null } },
				{ name: 'SourceList', props: { sources, citations: [1] } },
				{ name: 'AnswerView', props: { answer: `${text} [1]`, sources } },
				{ name: 'LedgerTable', props: { candidates, sources } },
				{ name: 'PromptView', props: { prompt: [{ role: 'user', content: text }] } },
				{ name: 'TraceHeader', props: { trace } },
				{ name: 'TraceTable', props: { traces: [trace], fresh: [] } }
			].map((each) => ({ ...each, text }));
		});
		const results = await opened.page.evaluate(async (all) => {
			const { rendering, look } = globalThis as unknown as InPage;
			const functions = { anchor: () => document.body, onclose: () => {} };
			const result = { shown: 0, found: [] as string[] };
			for (const { name, props, text } of all) {
				const given = name === 'PassagePopover' ? { ...props, ...functions } : props;
				const { elements, found } = await rendering.show(name, given, look);
				if (elements > 3) result.shown += 1;
				result.found.push(...found.map((each) => `${name}, ${JSON.stringify(text)}: ${each}`));
			}
			return result;
		}, shown);
		expect([...new Set(results.found)]).toEqual([]);
		expect(results.shown).toBe(8 * MARKUP_ATTACKS.length);
		await expectHarmless(opened);
	});
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

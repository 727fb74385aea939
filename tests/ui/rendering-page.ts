import { join } from 'node:path';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import type { Browser, Page } from 'playwright-core';
import { build, type Rollup } from 'vite';
import { CANARY, OWN_HOST } from '../fixtures/markup-attacks.ts';
import { ALLOWED_HTML } from './allowed-html.ts';

const root = join(import.meta.dirname, '../..');
const ADDRESS = 'https://page.test/';

/** A page of a browser that holds our components and nothing else: no server, no content security policy. */
export interface RenderingPage extends AsyncDisposable {
	readonly page: Page;
	/** Requests that were made, and stopped, besides those for the page itself. */
	readonly requests: string[];
	/** How often a payload's script ran, or the page was led elsewhere. */
	hits(): Promise<number>;
}

/** The components as one script, made by the tools that make the pages. */
export async function bundleComponents(): Promise<string> {
	const output = (await build({
		configFile: false,
		root,
		logLevel: 'error',
		define: { 'process.env.NODE_ENV': '"production"' },
		plugins: [svelte({ configFile: false, preprocess: vitePreprocess() })],
		build: {
			write: false,
			minify: false,
			target: 'es2024',
			lib: { entry: join(root, 'tests/fixtures/rendering-page.ts'), formats: ['iife'], name: 'page' }
		}
	})) as Rollup.RollupOutput[];
	const chunk = output[0]!.output.find((each) => each.type === 'chunk');
	return (chunk as Rollup.OutputChunk).code;
}

export async function openRenderingPage(browser: Browser, script: string): Promise<RenderingPage> {
	const context = await browser.newContext();
	const requests: string[] = [];
	await context.route('**/*', async (route) => {
		const { href } = new URL(route.request().url());
		if (href === ADDRESS) {
			return route.fulfill({
				contentType: 'text/html',
				body: '<!doctype html><meta charset="utf-8"><title>Rendering</title><script src="/page.js"></script>'
			});
		}
		if (href === `${ADDRESS}page.js`)
			return route.fulfill({ contentType: 'text/javascript; charset=utf-8', body: script });
		requests.push(href);
		return route.abort();
	});
	const page = await context.newPage();
	let left = 0;
	page.on('framenavigated', (frame) => (left += frame.url() === ADDRESS ? 0 : 1));
	page.on('popup', () => (left += 1));
	page.on('dialog', (dialog) => {
		left += 1;
		void dialog.dismiss();
	});
	await page.addInitScript(() => {
		const counted = globalThis as { hits?: number; hit?: () => void };
		counted.hits = 0;
		counted.hit = () => (counted.hits! += 1);
	});
	// Once for the page itself: its script is defined in the head, before there is a body.
	await page.addInitScript(defineLook, { allowed: ALLOWED_HTML, ownHost: OWN_HOST, hiddenPattern: HIDDEN });
	await page.goto(ADDRESS);
	return {
		page,
		requests,
		hits: async () => left + (await page.evaluate(() => (globalThis as unknown as { hits: number }).hits)),
		[Symbol.asyncDispose]: () => context.close()
	};
}

export const isCanary = (address: string) => new URL(address).hostname.endsWith(CANARY);

/** Control characters and some of those without width; none of the attacks needs one for its spelling. */
const HIDDEN = String.raw`(?![\t\n\r])\p{Cc}|[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]`;

interface Looked {
	allowed: typeof ALLOWED_HTML;
	ownHost: string;
	hiddenPattern: string;
}

/**
 * Runs in the page and defines `look(root)`: inside of rendered Markdown every element and attribute has to be on the list
 * and every link has to lead to the host of the sources; outside, nothing may load, run or lead elsewhere; and nowhere may
 * there be a character that nobody sees.
 */
function defineLook({ allowed, ownHost, hiddenPattern }: Looked): void {
	const patterns = new Map(
		Object.entries(allowed).map(([tag, attributes]) => [
			tag,
			new Map(Object.entries(attributes).map(([name, pattern]) => [name, new RegExp(pattern)]))
		])
	);
	const loading =
		/^(?:script|img|picture|source|iframe|frame|frameset|object|embed|applet|portal|base|link|meta|style|form|input|video|audio|template|math|foreignobject|use|image|animate|set|marquee)$/;
	const hidden = new RegExp(hiddenPattern, 'u');
	const written = ({ name, value }: Attr) => `${name}="${value}"`;

	function inMarkdown(element: Element): string[] {
		const attributes = patterns.get(element.localName);
		if (!attributes || element.namespaceURI !== 'http://www.w3.org/1999/xhtml')
			return [`<${element.localName}> in Markdown`];
		const found = [...element.attributes]
			.filter(({ name, value }) => !attributes.get(name)?.test(value))
			.map((attribute) => `<${element.localName} ${written(attribute)}> in Markdown`);
		if (element.localName === 'a' && (element as HTMLAnchorElement).host !== ownHost)
			found.push(`a link to ${(element as HTMLAnchorElement).href}`);
		return found;
	}

	function around(element: Element): string[] {
		const found = loading.test(element.localName) ? [`<${element.localName}>`] : [];
		for (const attribute of element.attributes) {
			const { name, value } = attribute;
			const leads =
				/^(?:href|xlink:href|src|srcset|action|formaction|data|background|poster|ping|srcdoc)$/.test(name);
			const isPlain = name === 'href' && /^(?:\/[a-z]|#source-\d|https:\/\/docs\.example[/#?])/.test(value);
			if (name.startsWith('on') || (leads && !isPlain) || /url\(/i.test(name === 'style' ? value : ''))
				found.push(`<${element.localName} ${written(attribute)}>`);
		}
		return found;
	}

	function look(root: Element): { elements: number; found: string[] } {
		const all = [...root.querySelectorAll('*')];
		const found: string[] = [];
		for (const element of all) {
			const block = element.closest('.markdown > .block');
			found.push(...(block && block !== element ? inMarkdown(element) : around(element)));
			for (const attribute of element.attributes)
				if (hidden.test(attribute.value)) found.push(`hidden character in ${written(attribute)}`);
		}
		if (hidden.test(root.textContent)) found.push(`hidden character in ${JSON.stringify(root.textContent)}`);
		return { elements: all.length, found };
	}
	Object.assign(globalThis, { look });
}

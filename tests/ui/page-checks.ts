import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** The sizes and themes in which every page must be right. */
export const LOOKS = (['light', 'dark'] as const).flatMap((theme) =>
	[
		{ theme, width: 1280, height: 800 },
		{ theme, width: 390, height: 844 }
	].map((look) => ({ ...look, name: `${look.theme}, ${look.width} px` }))
);
export type Look = (typeof LOOKS)[number];

/** A page in a window of its own; what the browser logs as an error fails the test when the window is closed. */
export interface OpenedPage extends AsyncDisposable {
	page: Page;
	context: BrowserContext;
}

/** Opens an address and waits until its scripts have taken over. */
export async function openPage(
	browser: Browser,
	address: string,
	{ theme = 'light', width = 1280, height = 800 }: Partial<Look> = {}
): Promise<OpenedPage> {
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
	const page = await context.newPage();
	const failures: string[] = [];
	page.on('pageerror', (error) => failures.push(String(error)));
	page.on('console', (message) => {
		// A request that fails on purpose is logged by the browser itself.
		if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
			failures.push(message.text());
		}
	});
	await page.goto(address);
	return {
		page,
		context,
		async [Symbol.asyncDispose]() {
			await context.close();
			expect(failures).toEqual([]);
		}
	};
}

/** Fails on anything that axe finds, and on a page that is wider than its window. */
export async function expectSound(page: Page): Promise<void> {
	await changesAreOver(page);
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(
		violations.map(({ id, nodes }) => ({
			id,
			at: nodes.map(({ target, failureSummary }) => [target, failureSummary])
		}))
	).toEqual([]);
	const { page: wide, window } = await page.evaluate(() => ({
		page: document.documentElement.scrollWidth,
		window: innerWidth
	}));
	expect(wide).toBeLessThanOrEqual(window);
}

/** Waits for what a page comes to show; patient, because a busy machine must not make a true test fail. */
export function eventually<T>(read: () => T | Promise<T>) {
	return expect.poll(read, { timeout: 20_000 });
}

/** Text without the no-break spaces that keep numbers and units together. */
export async function textOf(page: Page, selector: string): Promise<string> {
	return plain((await page.locator(selector).first().textContent()) ?? '');
}

export function plain(text: string): string {
	return text.replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ').trim();
}

/** Colours on their way from one state to another have a contrast that nobody sees for long. */
async function changesAreOver(page: Page): Promise<void> {
	await page.evaluate(async () => {
		const ending = document
			.getAnimations()
			.filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity);
		await Promise.allSettled(ending.map((animation) => animation.finished));
	});
}

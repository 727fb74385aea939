import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Trace, TraceSummary } from '#lib/contract/trace.ts';
import { startHttpTest, type HttpTest, type HttpTestOptions } from '../http/setup.ts';
import { openBrowser } from './browser.ts';
import { openPage, plain, type Look, type OpenedPage } from './page-checks.ts';

/** The application over a small index, its scripted model, and a browser. */
export interface ChatTest extends AsyncDisposable {
	readonly http: HttpTest;
	readonly browser: Browser;
	/** Opens the chat and waits until questions can be asked. */
	open(look?: Partial<Look>, path?: string): Promise<OpenedPage & { chat: ChatPage }>;
	/** The newest trace of a question, in full. */
	traceOf(question: string): Promise<Trace>;
}

export async function startChatTest(options: HttpTestOptions = {}): Promise<ChatTest> {
	const [http, browser] = await Promise.all([
		startHttpTest({ ...options, env: { CHAT_MODEL: 'test-model', ...options.env } }),
		openBrowser()
	]);
	return {
		http,
		browser,
		async open(look, path = '/') {
			const opened = await openPage(browser, http.app.url + path, look);
			opened.page.setDefaultTimeout(15_000);
			const chat = new ChatPage(opened.page);
			if (options.docs !== false) await chat.ready();
			return Object.assign(opened, { chat });
		},
		async traceOf(question) {
			const listed = await http.json<TraceSummary[]>('/traces?limit=200');
			const found = listed.find((trace) => trace.question === question);
			expect(found, `a trace of "${question}"`).toBeDefined();
			return http.json<Trace>(`/traces/${found!.trace_id}`);
		},
		async [Symbol.asyncDispose]() {
			await browser.close();
			await http[Symbol.asyncDispose]();
		}
	};
}

/** What a reader sees and does on the chat page, by the names that a screen reader says. */
export class ChatPage {
	readonly page: Page;

	constructor(page: Page) {
		this.page = page;
	}

	get question(): Locator {
		return this.page.getByRole('textbox', { name: 'Your question' });
	}

	get library(): Locator {
		return this.page.getByRole('combobox', { name: 'Library' });
	}

	/** The last question with its answer. */
	get turn(): Locator {
		return this.page.getByRole('article').last();
	}

	get turns(): Locator {
		return this.page.getByRole('article');
	}

	/** The text of the last answer, as it stands. */
	get answer(): Locator {
		return this.turn.locator('.answer');
	}

	/** The passage that is open. */
	get passage(): Locator {
		return this.page.getByRole('dialog');
	}

	button(name: string | RegExp): Locator {
		return this.page.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) });
	}

	/** What was said to screen readers last. */
	async announcement(): Promise<string> {
		return plain((await this.page.locator('[data-announcement]').textContent()) ?? '');
	}

	/** Waits until the page is awake and knows the libraries. */
	async ready(): Promise<void> {
		await this.library.getByRole('option', { name: /orchard/ }).waitFor({ state: 'attached' });
	}

	async ask(question: string): Promise<void> {
		await this.question.fill(question);
		await this.question.press('Enter');
	}

	/** Waits until the last answer is over, whatever became of it. */
	async over(): Promise<void> {
		await this.page.locator('article:last-of-type[aria-busy="false"]').waitFor();
	}

	/** Waits until the answer reads as given, and no longer grows. */
	async answered(text: string): Promise<void> {
		await expect.poll(async () => plain(await this.answer.innerText()), { timeout: 20_000 }).toBe(text);
		await this.over();
	}
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createParser } from 'eventsource-parser';
import { askEventSchema, type AskEvent } from '#lib/contract/ask.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { startModelServer, type ModelServer, type ModelServerOptions } from '../fixtures/model-server.ts';

const PAGES = {
	'orchard/planting.md': `# Planting\n\nHow to plant an orchard.\n\n## Apple trees\n\nPlant apple trees four metres apart, in autumn, in loamy soil. Water every apple tree for two weeks.\n\n## Pear trees\n\nPear trees like warm walls. Plant pear trees three metres apart and graft them on quince.\n`,
	'orchard/pruning.md': `# Pruning\n\n## Winter\n\nPrune apple trees in winter, when they sleep. Take out crossing branches with clean shears.\n\n## Summer\n\nPrune cherry trees in summer, so that no fungus enters the wound.\n`,
	'harbor/mooring.md': `# Mooring\n\n## Lines\n\nUse two spring lines and a bow line to moor a boat. Check the lines at every tide.\n\n## Fees\n\nMooring costs nine crowns a night; pay at the harbor office.\n`
};

export interface HttpTestOptions {
	model?: ModelServerOptions;
	/** Settings, also such that hold the address of the model endpoint. */
	env?: Record<string, string> | ((model: ModelServer) => Record<string, string>);
	/** False starts without documents. */
	docs?: boolean;
	/** More pages of the libraries `orchard` and `harbor`, by path. */
	pages?: Record<string, string>;
	/** Program and arguments that start the application, when they are not the usual ones. */
	command?: readonly string[];
}

export interface HttpTest extends AsyncDisposable {
	app: App;
	model: ModelServer;
	/** Sends JSON to a path; an object is made into JSON. */
	post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
	get(path: string, init?: RequestInit): Promise<Response>;
	/** The JSON answer of a GET. */
	json<T>(path: string): Promise<T>;
}

/** The built application over a small index of two libraries, with a scripted model endpoint. */
export async function startHttpTest(options: HttpTestOptions = {}): Promise<HttpTest> {
	const folder = await mkdtemp(join(tmpdir(), 'citelight-docs-'));
	const model = await startModelServer(options.model);
	const dispose = async () => {
		await model.close();
		await rm(folder, { recursive: true, force: true });
	};
	try {
		for (const [path, text] of Object.entries({ ...PAGES, ...options.pages })) {
			await mkdir(dirname(join(folder, path)), { recursive: true });
			await writeFile(join(folder, path), text);
		}
		const app = await startApp({
			docs: options.docs === false ? [] : [join(folder, 'orchard'), join(folder, 'harbor')],
			env: {
				OPENAI_BASE_URL: model.url,
				OPENAI_API_KEY: 'sk-0123456789-of-these-tests',
				...(typeof options.env === 'function' ? options.env(model) : options.env)
			},
			...(options.command && { command: options.command })
		});
		return {
			app,
			model,
			post: (path, body, init) =>
				fetch(app.url + path, {
					method: 'POST',
					headers: { 'content-type': 'application/json' },
					body: JSON.stringify(body),
					...init
				}),
			get: (path, init) => fetch(app.url + path, init),
			json: async <T>(path: string) => (await fetch(app.url + path)).json() as Promise<T>,
			async [Symbol.asyncDispose]() {
				await app[Symbol.asyncDispose]();
				await dispose();
			}
		};
	} catch (thrown) {
		await dispose();
		throw thrown;
	}
}

/** An event as it came over the wire. */
export interface WireEvent {
	id: string | undefined;
	event: AskEvent;
	/** `performance.now()` of its arrival. */
	at: number;
}

/** The events of a stream as they arrive; leaving the loop closes the connection. */
export async function* readEvents(response: Response): AsyncGenerator<WireEvent, void> {
	const ready: WireEvent[] = [];
	const parser = createParser({
		onEvent: ({ id, data, event: name }) => {
			if (name !== undefined) throw new Error(`An event line: ${name}`);
			ready.push({ id, event: askEventSchema.parse(JSON.parse(data)), at: performance.now() });
		}
	});
	for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
		parser.feed(chunk);
		yield* ready.splice(0);
	}
}

export async function allEvents(response: Response): Promise<WireEvent[]> {
	const all: WireEvent[] = [];
	for await (const event of readEvents(response)) all.push(event);
	return all;
}

/** The text that the tokens add up to. */
export function textOf(events: readonly { event: AskEvent }[]): string {
	return events.map(({ event }) => (event.type === 'token' ? event.data : '')).join('');
}

/** The trace id that an event id begins with. */
export function traceIdOf({ id }: Pick<WireEvent, 'id'>): string {
	return id!.slice(0, id!.lastIndexOf(':'));
}

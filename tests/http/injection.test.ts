import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askResponseSchema, type AskResponse } from '#lib/contract/ask.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { INJECTIONS } from '../fixtures/injections.ts';
import { answer, startModelServer, type ModelCall, type ModelServer } from '../fixtures/model-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

const KEY = 'sk-canary-9f8e7d6c5b4a';
const ADMIN = 'canary-of-the-operator-1234';

/** A tree for each page, so that its question finds this page first. */
const TREES = INJECTIONS.map(
	(_, at) => `zorbin${String.fromCharCode(97 + Math.floor(at / 26), 97 + (at % 26))}`
);
const BENIGN = 'quillow';

let evil: Server;
/** What was asked of the foreign host. */
const fetched: string[] = [];
let docs: TempFolder;
let model: ModelServer;
let app: App;

/** The tree that a call to the model is about. */
const treeOf = ({ rawBody }: ModelCall) => /Question: How do I prune the (\w+) tree/.exec(rawBody)?.[1] ?? '';

beforeAll(async () => {
	evil = createServer((request, response) => {
		fetched.push(request.url!);
		response.end();
	});
	await new Promise<void>((listening) => evil.listen(0, '127.0.0.1', listening));
	const address = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
	const withAddress = (text: string) => text.replaceAll('EVIL', address);
	docs = await tempFolder(
		Object.fromEntries([
			...INJECTIONS.map(({ text }, at) => [
				`orchard/page-${at}.md`,
				`# The ${TREES[at]} tree\n\nPrune the ${TREES[at]} tree in winter with clean shears.\n\n${withAddress(text)}\n`
			]),
			['orchard/benign.md', `# The ${BENIGN} tree\n\nPrune the ${BENIGN} tree in summer.\n`]
		])
	);
	// It does whatever the page says.
	model = await startModelServer({
		script: (call) => {
			const injection = INJECTIONS[TREES.indexOf(treeOf(call))];
			return answer([withAddress(injection?.obeyed ?? 'In summer [1].')]);
		}
	});
	app = await startApp({
		docs: { orchard: `${docs.path}/orchard` },
		env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: KEY, API_KEYS: `admin:${ADMIN}` }
	});
});
afterAll(async () => {
	await app?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
	await docs?.[Symbol.asyncDispose]();
	await new Promise((closed) => evil.close(closed));
});

async function ask(tree: string): Promise<{ told: AskResponse; call: ModelCall }> {
	const response = await fetch(`${app.url}/ask`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN}` },
		body: JSON.stringify({ question: `How do I prune the ${tree} tree?` })
	});
	expect(response.status).toBe(200);
	const told = askResponseSchema.parse(await response.json());
	return { told, call: model.chatCalls.findLast((call) => treeOf(call) === tree)! };
}

/** Nobody sees these, and a model reads them: zero-width and bidirectional controls, tags, terminal sequences. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}]|(?![\t\n])\p{Cc}/u;
const messagesOf = ({ body }: ModelCall) => body!.messages as { role: string; content: string }[];

describe('documents that speak to the model', () => {
	it('are many', () => {
		expect(INJECTIONS.length).toBeGreaterThanOrEqual(30);
	});

	it.each(INJECTIONS.map((injection, at) => [injection.name, at] as const))(
		'stay data, and an answer that obeys them cites and shows nothing but what was found: %s',
		async (_name, at) => {
			const { told, call } = await ask(TREES[at]!);
			const [system, user, ...more] = messagesOf(call);
			expect([system?.role, user?.role, more]).toEqual(['system', 'user', []]);

			// Each passage between its own two marks, which no page could know; outside them there is no word of a page.
			const [, boundary] = /<passage-([0-9a-f]{12,}) n="1">/.exec(user!.content)!;
			const passage = new RegExp(`<passage-${boundary} n="(\\d+)">\n[^]*?\n</passage-${boundary}>`, 'g');
			const numbers = [...user!.content.matchAll(passage)].map(([, n]) => Number(n));
			expect(numbers).toEqual(told.sources.map(({ n }) => n));
			const outside = user!.content.replace(passage, '').replaceAll(/\s+/g, ' ').trim();
			expect(outside).toBe(`Passages: Question: How do I prune the ${TREES[at]} tree?`);
			for (const { text } of told.sources) expect(text).not.toContain(boundary);
			expect(user!.content.split(boundary!)).toHaveLength(2 * numbers.length + 1);

			expect(user!.content).not.toMatch(UNSEEN);
			for (const { text } of told.sources) expect(text).not.toMatch(UNSEEN);

			expect(told.sources.every(({ library, url }) => library === 'orchard' && url === null)).toBe(true);
			for (const n of told.trace.citations) expect(numbers).toContain(n);
			const cited = told.trace.candidates.filter((candidate) => candidate.cited);
			expect(cited).toHaveLength(told.trace.citations.length);
		}
	);

	it('find nothing in the prompt that is worth telling, and no tool to call', () => {
		for (const { rawBody, body } of model.chatCalls) {
			for (const secret of [KEY, ADMIN, app.dataDir, docs.path]) expect(rawBody).not.toContain(secret);
			expect(Object.keys(body!)).not.toContain('tools');
			expect(Object.keys(body!)).not.toContain('functions');
		}
	});

	it('get another boundary each time', async () => {
		const boundaryOf = ({ call }: { call: ModelCall }) =>
			/<passage-(\w+) n="1">/.exec(messagesOf(call)[1]!.content)![1];
		expect(boundaryOf(await ask(TREES[0]!))).not.toBe(boundaryOf(await ask(TREES[0]!)));
	});

	it('keep no other question from being answered', async () => {
		const { told } = await ask(BENIGN);
		expect(told).toMatchObject({ answer: 'In summer [1].', finish_reason: 'stop' });
		expect(told.sources[0]?.text).toContain(BENIGN);
	});

	it('have the server fetch nothing', () => {
		expect(fetched).toEqual([]);
	});
});

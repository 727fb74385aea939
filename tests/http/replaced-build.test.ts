import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { installedCopy, type InstalledCopy } from '../fixtures/installed-copy.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import { readEvents, startHttpTest, textOf, type HttpTest, type WireEvent } from './setup.ts';

const ANSWERS = 50;
const question = 'How far apart do I plant apple trees?';

describe('a server whose build/ is replaced while fifty answers are written', () => {
	const more = Promise.withResolvers<void>();
	let copy: InstalledCopy;
	let test: HttpTest;
	let names: string[];
	let answers: WireEvent[][];

	beforeAll(async () => {
		copy = await installedCopy();
		test = await startHttpTest({
			command: copy.command,
			model: { script: answer(['Four', gate(more.promise), ' metres [1].']) }
		});
		const found = await readdir(join(copy.path, 'build/client'), { recursive: true, withFileTypes: true });
		names = found
			.filter((entry) => entry.isFile())
			.map(({ parentPath, name }) => join(parentPath, name).slice(join(copy.path, 'build/client').length));
		// One is in memory already.
		expect((await test.get(names.find((name) => name.endsWith('.js'))!)).status).toBe(200);

		const begun = Array.from({ length: ANSWERS }, () => Promise.withResolvers<void>());
		const writing = Promise.all(
			begun.map(async ({ resolve }) => {
				const events: WireEvent[] = [];
				for await (const event of readEvents(await test.post('/ask/stream', { question }))) {
					events.push(event);
					if (event.event.type === 'token') resolve();
				}
				return events;
			})
		);
		await Promise.all(begun.map(({ promise }) => promise));
		await copy.replaceBuild({
			'handler.js': 'export const handler = () => {};',
			'client/favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg" id="of-the-new-build"/>',
			'client/_app/immutable/entry/start.of-the-new-build.js': 'export const isNew = true;'
		});
		const files = names.flatMap((name) => [name, `${name}/`]).filter((name) => !/favicon\.svg/.test(name));
		const statuses = await Promise.all(files.map(async (name) => (await test.get(name)).status));
		expect(new Set(statuses)).toEqual(new Set([404]));
		more.resolve();
		answers = await writing;
	});
	afterAll(async () => {
		await test?.[Symbol.asyncDispose]();
		await copy?.[Symbol.asyncDispose]();
	});

	it('writes them all to their end', () => {
		expect(answers.map((events) => textOf(events))).toEqual(
			Array.from({ length: ANSWERS }, () => 'Four metres [1].')
		);
		for (const events of answers) expect(events.at(-1)?.event).toMatchObject({ type: 'done' });
	});

	it('answers for files that are gone with 404, and says once that it wants a restart', async () => {
		const [name] = names.filter((name) => name.startsWith('/_app/immutable/'));
		const response = await test.get(name!);
		expect(response.status).toBe(404);
		expect(response.headers.get('content-type')).toBe('application/problem+json');
		expect(response.headers.get('cache-control')).toBe('no-store');
		expect(await response.json()).toMatchObject({ code: 'not_found' });
		expect(test.app.logs().match(/restart the server/g)).toHaveLength(1);
	});

	it('sends the files of the new build as they are', async () => {
		const icon = await test.get('/favicon.svg');
		expect(await icon.text()).toContain('of-the-new-build');
		const script = await test.get('/_app/immutable/entry/start.of-the-new-build.js');
		expect([script.status, await script.text()]).toEqual([200, 'export const isNew = true;']);
	});

	it.each(['/', '/dashboard', '/login'])('shows %s for the first time', async (path) => {
		const response = await test.get(path);
		expect(await response.text()).toContain('</html>');
		expect(response.headers.get('content-type')).toContain('text/html');
		expect(response.status).toBe(200);
	});

	it('shows the page of a trace, and the one for a trace that there is not', async () => {
		const { trace_id } = (await test.json<TraceSummary[]>('/traces'))[0]!;
		for (const [id, status] of [
			[trace_id, 200],
			['none', 404]
		] as const) {
			const response = await test.get(`/dashboard/traces/${id}`);
			expect([response.status, await response.text()]).toEqual([status, expect.stringContaining('</html>')]);
		}
	});

	it.each(['/libraries', '/traces', '/stats', '/livez', '/readyz', '/trpc/libraries'])(
		'answers %s for the first time',
		async (path) => expect((await test.get(path)).status).toBe(200)
	);

	it('answers further questions, and ends in order', async () => {
		const asked = await test.post('/ask', { question });
		expect(asked.status).toBe(200);
		expect(await asked.json()).toMatchObject({ answer: 'Four metres [1].' });
		expect((await test.post('/search', { question })).status).toBe(200);
		expect(await test.app.stop('SIGTERM')).toBe(0);
	});
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { answer } from '../fixtures/model-server.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
/** All that whoever asks gets to know of a passage; how near it was to the question is for the trace. */
const KEYS = [
	'anchor',
	'chunk_id',
	'chunk_ids',
	'document',
	'heading_path',
	'library',
	'n',
	'text',
	'title',
	'url'
];
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest();
	test.model.respondWith(answer(['Four metres [1].']));
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** The event that tells the sources, as it came: a schema would leave out what it does not know. */
function sourcesIn(wire: string): { data: object[] } & Record<string, unknown> {
	const line = wire.split('\n').find((each) => each.includes('"type":"sources"'))!;
	return JSON.parse(line.slice('data: '.length)) as ReturnType<typeof sourcesIn>;
}

it('sources have no scores, through whichever door they come', async () => {
	const whole = (await (await test.post('/ask', { question })).json()) as { sources: object[] };
	const streamed = sourcesIn(await (await test.post('/ask/stream', { question })).text());
	const input = encodeURIComponent(JSON.stringify({ question }));
	const subscribed = sourcesIn(await (await test.get(`/trpc/ask?input=${input}`)).text());
	for (const event of [streamed, subscribed]) expect(Object.keys(event)).toEqual(['type', 'data']);
	for (const sources of [whole.sources, streamed.data, subscribed.data]) {
		expect(sources.length).toBeGreaterThan(0);
		for (const source of sources) expect(Object.keys(source).toSorted()).toEqual(KEYS);
	}
});

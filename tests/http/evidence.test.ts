import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskInput, AskResponse } from '#lib/contract/ask.ts';
import type { Stats } from '#lib/contract/stats.ts';
import type { Trace, TraceSummary } from '#lib/contract/trace.ts';
import { answer } from '../fixtures/model-server.ts';
import { allEvents, startHttpTest, textOf, traceIdOf, type HttpTest } from './setup.ts';

let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** Questions by what the gate decides on them. */
const GOOD = 'How do I plant apple trees?';
const THIN = 'How do I install Docker on a boat?';
const REFUSED = 'Which vaccine protects against yellow fever?';

const ask = async (input: AskInput) => (await (await test.post('/ask', input)).json()) as AskResponse;
const gateOf = ({ steps }: Trace) => steps.find(({ name }) => name === 'evidence_gate')?.details;
/** What the model was told in the last call. */
const rules = () => JSON.stringify(test.model.chatCalls.at(-1)?.body?.messages);

describe('evidence', () => {
	it('is good where the passages answer: the model is told nothing about it', async () => {
		const answered = await ask({ question: GOOD });
		expect(answered).toMatchObject({ evidence: 'good', refused_by: null, finish_reason: 'stop' });
		expect(answered.trace).toMatchObject({ evidence: 'good', refused_by: null, status: 'success' });
		expect(rules()).not.toContain('NO_ANSWER');
	});

	it('is thin where little speaks for an answer: the model is told so, and may answer all the same', async () => {
		const answered = await ask({ question: THIN });
		expect(answered).toMatchObject({
			answer: 'Hello from the model [1].',
			evidence: 'thin',
			refused_by: null,
			finish_reason: 'stop'
		});
		expect(gateOf(answered.trace)).toMatchObject({ decision: 'thin' });
		expect(rules()).toContain('[[NO_ANSWER]]');
	});

	it('is the same in the events of a stream', async () => {
		const events = await allEvents(await test.post('/ask/stream', { question: THIN }));
		expect(events.at(-1)!.event).toMatchObject({
			type: 'done',
			data: { evidence: 'thin', refused_by: null }
		});
	});
});

describe('a model that says that the sources do not answer', () => {
	it.each(['/ask/stream', '/ask'])('refuses, and its marker is never shown (%s)', async (path) => {
		test.model.queue(answer(['[[', 'NO_', 'ANSWER]]', ' They cover', ' moorings [1].']));
		const response = await test.post(path, { question: THIN });
		let traceId: string;
		if (path === '/ask') {
			const answered = (await response.json()) as AskResponse;
			traceId = answered.trace_id;
			expect(answered).toMatchObject({ finish_reason: 'refused', refused_by: 'model', evidence: 'thin' });
		} else {
			const events = await allEvents(response);
			traceId = traceIdOf(events[0]!);
			expect(textOf(events)).toBe('They cover moorings [1].');
			expect(events.at(-1)!.event).toMatchObject({
				type: 'done',
				data: { finish_reason: 'refused', refused_by: 'model', evidence: 'thin', citations: [1] }
			});
		}
		const trace = await test.json<Trace>(`/traces/${traceId}`);
		expect(trace).toMatchObject({
			status: 'refused',
			refused_by: 'model',
			evidence: 'thin',
			answer: 'They cover moorings [1].',
			usage: { source: 'reported' }
		});
	});

	it('is followed by the nearest headings when it says no more', async () => {
		test.model.queue(answer(['[[NO_ANSWER]]']));
		const { answer: text, refused_by } = await ask({ question: THIN });
		expect(refused_by).toBe('model');
		expect(text).toMatch(/does not cover this question[^]*Mooring/);
	});

	it('is not listened to where it was not told how: the words are text like others', async () => {
		test.model.queue(answer(['[[NO_ANSWER]]', ' is', ' a constant [1].']));
		const answered = await ask({ question: GOOD });
		expect(answered).toMatchObject({ answer: '[[NO_ANSWER]] is a constant [1].', refused_by: null });
	});
});

describe('a refusal by the gate', () => {
	it('asks no model, and says who refused', async () => {
		const calls = test.model.chatCalls.length;
		const answered = await ask({ question: REFUSED });
		expect(answered).toMatchObject({ finish_reason: 'refused', refused_by: 'gate', evidence: null });
		expect(test.model.chatCalls).toHaveLength(calls);
	});

	it('can be asked on after, which the trace says', async () => {
		const answered = await ask({ question: REFUSED, answer_anyway: true });
		expect(answered).toMatchObject({
			refused_by: null,
			evidence: 'thin',
			answer: 'Hello from the model [1].'
		});
		expect(gateOf(answered.trace)).toMatchObject({ decision: 'refused', answer_anyway: true });
		expect(rules()).toMatch(/as far as they go/);
	});
});

describe('a question in a language that no document is in', () => {
	it.each([
		['german', 'Wie pflanze ich einen Apfelbaum in meinem Garten?'],
		['chinese', '苹果树应该怎么种植？'],
		['portuguese', 'Como devo plantar uma macieira no meu jardim?']
	])('is translated for the search and not refused for its words: %s', async (language, question) => {
		test.model.queue(answer(['How should I plant apple trees?']));
		const calls = test.model.chatCalls.length;
		const answered = await ask({ question });
		expect(answered).toMatchObject({ refused_by: null, evidence: 'good' });
		expect(test.model.chatCalls).toHaveLength(calls + 2);
		expect(answered.trace.standalone_question).toBe('How should I plant apple trees?');
		expect(gateOf(answered.trace)).toMatchObject({ other_language: language });
		expect(rules()).toContain(question);
	});

	it('is asked with what there is when it cannot be translated', async () => {
		test.model.queue([{ do: 'respond', status: 400, body: { error: { message: 'No.' } } }]);
		const answered = await ask({ question: 'Wie pflanze ich einen Apfelbaum in meinem Garten?' });
		expect(answered).toMatchObject({ refused_by: null, evidence: 'thin' });
	});
});

it('is counted and listed', async () => {
	await using own = await startHttpTest();
	const put = (question: string) => own.post('/ask', { question }).then((response) => response.json());
	await put(GOOD);
	await put(THIN);
	own.model.queue(answer(['[[NO_ANSWER]] They cover moorings.']));
	await put(THIN);
	await put(REFUSED);
	const stats = await own.json<Stats>('/stats');
	expect(stats).toMatchObject({ evidence: { good: 1, thin: 2 }, refused_by: { gate: 1, model: 1 } });
	const thin = await own.json<TraceSummary[]>('/traces?evidence=thin');
	expect(thin.map(({ status }) => status)).toEqual(['refused', 'success']);
	expect((await own.get('/traces?evidence=fat')).status).toBe(400);
});

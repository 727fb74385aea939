import { afterAll, beforeAll, describe, it } from 'vitest';
import { answersAllTheSame, beforeTheAnswer, inTheAnswer } from './fault-matrix-rows.ts';
import { startFaultBench, type FaultBench } from './fault-matrix-setup.ts';

/**
 * Every way in which a model endpoint can fail, through `POST /ask`, `POST /ask/stream` and the tRPC subscription. Each row
 * checks the terminal event, the status, the trace, the calls that the endpoint received, and that nothing stays behind.
 */
let bench: FaultBench;
beforeAll(async () => {
	bench = await startFaultBench();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

describe('before the answer', () => {
	it.each(beforeTheAnswer)('$name', async (fault) => void (await bench.check(fault)));
});

describe('in the answer', () => {
	it.each(inTheAnswer)('$name', async (fault) => void (await bench.check(fault)));
});

describe('an answer all the same', () => {
	it.each(answersAllTheSame)('$name', async (fault) => void (await bench.check(fault)));
});

it('leaves no connection open', () => bench.expectNoConnections());

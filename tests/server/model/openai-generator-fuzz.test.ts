import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OpenAiGenerator } from '#lib/server/model/openai-generator.ts';
import { collectAnswer } from '../../fixtures/collect-answer.ts';
import {
	chatChunk,
	chunk,
	delta,
	done,
	end,
	finish,
	hangUp,
	send,
	startModelServer,
	textOf,
	token,
	type Action,
	type ModelCall
} from '../../fixtures/model-server.ts';

/** What an answer is to come to. */
interface Truth {
	text: string;
	finishReason: string | null;
	code: string | null;
	/** Nothing after this counts. */
	isOver: boolean;
}

/** A piece of a stream, and what it makes of the answer so far, as long as that is not over. */
interface Move {
	action: Action;
	effect(truth: Truth): Partial<Truth>;
}

const nothing = () => ({});
const unlessFinished =
	(effect: (truth: Truth) => Partial<Truth>) =>
	(truth: Truth): Partial<Truth> =>
		truth.finishReason === null ? effect(truth) : {};
const fails = (code: string) => unlessFinished(() => ({ code, isOver: true }));

const word: fc.Arbitrary<Move> = fc
	.constantFrom('a', 'Grüße', ' 🐈‍⬛', 'x y', '[1]', '猫\n.', '&')
	.map((text) => ({
		action: token(text),
		effect: unlessFinished((truth) => ({ text: truth.text + text }))
	}));
const harmless: fc.Arbitrary<Move> = fc
	.constantFrom(
		send(': keep-alive\n\n'),
		send('data:\r\n\r\n'),
		send('id: 7\nretry: 3\nfoo\n\n'),
		delta({ reasoning_content: 'secret' }),
		delta({ content: null }),
		delta(null),
		chunk(chatChunk([])),
		chunk(null),
		chunk([{ a: 1 }]),
		chunk({ usage: { prompt_tokens: -1 } })
	)
	.map((action) => ({ action, effect: nothing }));
const ending: fc.Arbitrary<Move> = fc.oneof(
	fc.constantFrom('stop', 'length', 'eos').map((reason) => ({
		action: finish(reason),
		effect: unlessFinished(() => ({ finishReason: reason }))
	})),
	fc.constant({ action: done(), effect: (): Partial<Truth> => ({ isOver: true }) }),
	fc
		.constantFrom({ error: 'boom' }, { object: 'error', message: 'boom' }, { type: 'error' })
		.map((value) => ({
			action: chunk(value),
			effect: fails('upstream_error_event')
		})),
	fc.constantFrom('data: {boom\n\n', 'data: [1,\r\rdata: x\r\r').map((bytes) => ({
		action: send(bytes),
		effect: fails('upstream_malformed')
	}))
);
const moves = fc.array(fc.oneof({ weight: 6, arbitrary: word }, { weight: 3, arbitrary: harmless }, ending), {
	maxLength: 12
});

/** What comes of these moves and the way in which the stream ends. */
function truthOf(given: readonly Move[], isCut: boolean): Truth {
	let truth: Truth = { text: '', finishReason: null, code: null, isOver: false };
	for (const { effect } of given) if (!truth.isOver) truth = { ...truth, ...effect(truth) };
	if (truth.code !== null) return truth;
	if (truth.finishReason === null) {
		return { ...truth, code: isCut && !truth.isOver ? 'upstream_reset' : 'upstream_truncated' };
	}
	return truth.text.trim() === '' ? { ...truth, code: 'no_content' } : truth;
}

it('any stream comes to its one true end, wherever it is cut into pieces', async () => {
	const scripts = new Map<string, Action[]>();
	await using model = await startModelServer({
		script: (call: ModelCall) => scripts.get(String(call.headers.authorization)) ?? []
	});
	let runs = 0;
	await fc.assert(
		fc.asyncProperty(
			moves,
			fc.boolean(),
			fc.array(fc.nat(3000), { maxLength: 8 }),
			async (given, isCut, cuts) => {
				const bytes = new TextEncoder().encode(textOf(given.map(({ action }) => action)));
				const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted(
					(a, b) => a - b
				);
				const pieces = places.slice(1).map((place, at) => send(bytes.slice(places[at], place)));
				const apiKey = `run-${(runs += 1)}`;
				scripts.set(`Bearer ${apiKey}`, [{ do: 'headers' }, ...pieces, isCut ? hangUp() : end()]);
				const generator = new OpenAiGenerator({
					baseUrl: model.url,
					apiKey,
					model: 'test-model',
					firstTokenTimeoutMs: 30_000,
					idleTimeoutMs: 30_000,
					answerTimeoutMs: 60_000
				});
				const { text, error, result } = await collectAnswer(generator);
				const truth = truthOf(given, isCut);
				expect([error?.code ?? null, result?.finishReason ?? null]).toEqual([
					truth.code,
					truth.code ? null : truth.finishReason
				]);
				// White space that only separates reasoning from the answer is dropped.
				const [told, meant] = [text, truth.text].map((each) => each.trimStart());
				// A connection that breaks may take the last words with it, but never adds or changes any.
				if (truth.code === 'upstream_reset') expect(meant!.startsWith(told!)).toBe(true);
				else expect(told).toBe(meant);
			}
		),
		{ numRuns: 400 }
	);
	expect(model.calls).toHaveLength(runs);
});

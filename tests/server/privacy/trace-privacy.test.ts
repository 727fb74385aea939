import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceSchema, type Trace } from '#lib/contract/trace.ts';
import { parseConfig } from '#lib/server/config.ts';
import { OwnSecrets } from '#lib/server/privacy/own-secrets.ts';
import { TracePrivacy, tracePrivacy } from '#lib/server/privacy/trace-privacy.ts';
import { answered, demoCandidate, demoSource, pendingTrace } from '../../fixtures/traces.ts';

/** A trace with the text in every place where somebody's words may be. */
function traceWith(text: string): Trace {
	return answered(pendingTrace({ question: text }), {
		answer: text,
		standalone_question: text,
		error: { code: 'upstream_5xx', message: text },
		feedback: { rating: 'up', comment: text },
		prompt: [{ role: 'user', content: text }],
		sources: [{ ...demoSource, title: text, heading_path: [text], anchor: text, text }],
		candidates: [{ ...demoCandidate, heading_path: [text] }],
		steps: [
			{
				name: 'reranking',
				start_ms: 0,
				duration_ms: 1,
				status: 'success',
				details: {
					n_input: 30,
					weights: { coverage: 0.5 },
					warnings: [{ said: text }],
					model: 'm',
					answerable: true
				}
			}
		]
	});
}

describe('what is kept of a trace', () => {
	it('is everything, or the same without secrets, or no text; always a trace', () => {
		const text = 'Ask jane@example.com about it.';
		const trace = traceWith(text);
		expect(new TracePrivacy('full').kept(trace)).toEqual(trace);
		const redacted = new TracePrivacy('redacted').kept(trace);
		expect(redacted).toEqual(
			traceSchema.parse({ ...traceWith('Ask [redacted: e-mail] about it.'), trace_id: trace.trace_id })
		);
		const none = new TracePrivacy('none').kept(trace);
		expect(traceSchema.parse(none)).toEqual(none);
		expect(JSON.stringify(none)).not.toContain('jane');
		expect(none.steps[0]!.details).toEqual({
			n_input: 30,
			weights: { coverage: 0.5 },
			model: 'm',
			answerable: true
		});
		expect(none).toMatchObject({ usage: trace.usage, citations: trace.citations, cost_usd: trace.cost_usd });
		expect(none.candidates[0]!.rerank).toEqual(demoCandidate.rerank);
	});

	it('has no figure of a trace changed by redaction, whatever the numbers are', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0 }), fc.double({ min: 0, noNaN: true }), (count, milliseconds) => {
				const trace = { ...traceWith('text'), total_duration_ms: milliseconds };
				trace.steps[0]!.details.n_input = count;
				expect(new TracePrivacy('redacted').kept(trace)).toEqual(trace);
			})
		);
	});

	it('is never a key of the settings, in whatever form it was given', () => {
		const keys = ['sk-first-key-1', 'embed-key-22', 'rerank-key-333', 'caller-key-4444', 'admin-key-55555'];
		const [first, second, third, fourth, fifth] = keys as [string, string, string, string, string];
		for (const TRACE_CONTENT of ['full', 'redacted', 'none']) {
			const privacy = tracePrivacy(
				parseConfig({
					OPENAI_API_KEY: first,
					EMBEDDING_API_KEY: second,
					RERANK_API_KEY: third,
					API_KEYS: `ask:${fourth},${fifth}`,
					TRACE_CONTENT
				})
			);
			const trace = traceWith(keys.join(' '));
			for (const seen of [
				privacy.shown(trace),
				privacy.shownSources(trace.sources),
				privacy.kept(trace),
				privacy.comment(keys.join())
			]) {
				for (const key of keys) expect(JSON.stringify(seen)).not.toContain(key);
			}
		}
	});

	it('is the very same object where there is nothing to take out', () => {
		const trace = traceWith('text');
		expect(new TracePrivacy('full', new OwnSecrets([])).kept(trace)).toBe(trace);
	});
});

import type { AskEvent } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import type { Step, SupportSpan, Trace } from '#lib/contract/trace.ts';
import { codeMeanings } from '#lib/server/error.ts';
import type { Config } from '#lib/server/config.ts';
import { plainKeys } from '#lib/server/config/api-keys.ts';
import { OwnSecrets } from './own-secrets.ts';
import { GrowingRedaction, redact, redactPieces } from './redact.ts';

/** How much text is kept of questions and answers. */
export type TraceContent = Config['TRACE_CONTENT'];

/** Details of steps that are words of ours or of the model's settings, not of a question or an answer. */
const PLAIN_DETAILS = new Set([
	'model',
	'method',
	'finish_reason',
	'usage_source',
	'error',
	'timeout',
	'decision',
	'other_language',
	'endpoint',
	'endpoint_model'
]);

/**
 * What becomes of text before it is stored, exported or shown to anybody but who asked. Applied where a run hands its
 * trace over, so that nothing behind it has to know.
 */
export class TracePrivacy {
	readonly content: TraceContent;
	readonly secrets: OwnSecrets;

	constructor(content: TraceContent = 'full', secrets = new OwnSecrets([])) {
		this.content = content;
		this.secrets = secrets;
	}

	/** The trace as who asked may see it: all of it, without the keys of this server. */
	shown(trace: Trace): Trace {
		return this.secrets.any ? withText(trace, this.#conceal) : trace;
	}

	/** The same for an event that is not a token; tokens go through a concealment. */
	shownEvent(event: AskEvent): AskEvent {
		if (!this.secrets.any) return event;
		if (event.type === 'sources') return { ...event, data: this.shownSources(event.data) };
		if (event.type !== 'error') return event;
		return { ...event, data: { ...event.data, message: this.#conceal(event.data.message) } };
	}

	/** The same for passages by themselves. */
	shownSources<S extends Source>(sources: readonly S[]): S[] {
		return this.secrets.any ? sourcesWithText(sources, this.#conceal) : [...sources];
	}

	/** The trace as it is kept. */
	kept(trace: Trace): Trace {
		if (this.content === 'none') return withoutText(trace);
		if (this.content === 'redacted') return withText(trace, this.#redact);
		return this.shown(trace);
	}

	/** The trace of a finished run as it is kept, with lengths for as many tokens as it had. */
	keptRun(trace: Trace, tokenLengths: readonly number[]): { trace: Trace; tokenLengths: number[] } {
		const kept = this.kept(trace);
		if (this.content === 'none') return { trace: kept, tokenLengths: [] };
		if (this.content === 'full' || trace.answer === null)
			return { trace: kept, tokenLengths: [...tokenLengths] };
		const { text, lengths } = redactPieces(trace.answer, tokenLengths);
		return { trace: { ...kept, answer: text }, tokenLengths: lengths };
	}

	/** Makes, of an answer that grows, what can be kept so far: always a beginning of what is kept in the end; null for nothing. */
	growing(): (answer: string) => string | null {
		if (this.content === 'none') return () => null;
		if (this.content === 'full') return (answer) => answer;
		const redaction = new GrowingRedaction();
		return (answer) => redaction.read(answer);
	}

	/** A comment to a rating as it is kept. */
	comment(text: string | null): string | null {
		if (text === null || this.content === 'none') return null;
		return this.content === 'redacted' ? this.#redact(text) : this.#conceal(text);
	}

	readonly #conceal = (text: string): string => this.secrets.conceal(text);
	readonly #redact = (text: string): string => redact(this.#conceal(text));
}

/** What the settings ask for; the keys among them appear nowhere. */
export function tracePrivacy(config: Config): TracePrivacy {
	const { OPENAI_API_KEY, EMBEDDING_API_KEY, RERANK_API_KEY, API_KEYS } = config;
	return new TracePrivacy(
		config.TRACE_CONTENT,
		new OwnSecrets([OPENAI_API_KEY, EMBEDDING_API_KEY, RERANK_API_KEY, ...plainKeys(API_KEYS)])
	);
}

/** Every text of a trace changed; names, ids and figures stay. */
function withText(trace: Trace, change: (text: string) => string): Trace {
	const maybe = (text: string | null) => text && change(text);
	return {
		...trace,
		support: movedSupport(trace, change),
		question: change(trace.question),
		standalone_question: maybe(trace.standalone_question),
		answer: maybe(trace.answer),
		model: maybe(trace.model),
		error: trace.error && { ...trace.error, message: change(trace.error.message) },
		feedback: trace.feedback && { ...trace.feedback, comment: maybe(trace.feedback.comment) },
		sources: sourcesWithText(trace.sources, change),
		prompt: trace.prompt.map(({ role, content }) => ({ role, content: change(content) })),
		candidates: trace.candidates.map((candidate) => ({
			...candidate,
			document: change(candidate.document),
			heading_path: candidate.heading_path.map(change)
		})),
		steps: trace.steps.map((step) => ({
			...step,
			details: changeStrings(step.details, change) as Step['details']
		}))
	};
}

/** Sentences where they stand in the changed answer. */
function movedSupport({ answer, support }: Trace, change: (text: string) => string): SupportSpan[] {
	const changed = answer && change(answer);
	if (!answer || !changed || changed === answer) return support;
	let from = 0;
	let length = 0;
	// Piece by piece: spans come in order, and what is taken out seldom reaches from one sentence into the next.
	const moved = (offset: number) => {
		length += change(answer.slice(from, offset)).length;
		from = offset;
		return Math.min(changed.length, length);
	};
	return support.map((span) => ({ ...span, start: moved(span.start), end: moved(span.end) }));
}

/** Sources with every text of theirs changed. */
function sourcesWithText<S extends Source>(sources: readonly S[], change: (text: string) => string): S[] {
	return sources.map((source) => ({
		...source,
		document: change(source.document),
		title: change(source.title),
		heading_path: source.heading_path.map(change),
		url: source.url && change(source.url),
		anchor: source.anchor && change(source.anchor),
		text: change(source.text)
	}));
}

/** Figures, ids and names only. */
function withoutText(trace: Trace): Trace {
	return {
		...trace,
		question: '',
		standalone_question: null,
		answer: null,
		error: trace.error && { code: trace.error.code, message: `${codeMeanings[trace.error.code].title}.` },
		feedback: trace.feedback && { ...trace.feedback, comment: null },
		sources: trace.sources.map((source) => ({
			...source,
			title: '',
			heading_path: [],
			anchor: null,
			text: ''
		})),
		prompt: [],
		candidates: trace.candidates.map((candidate) => ({ ...candidate, heading_path: [] })),
		steps: trace.steps.map((step) => ({ ...step, details: plainDetails(step.details) }))
	};
}

function plainDetails(details: Step['details']): Step['details'] {
	return Object.fromEntries(
		Object.entries(details).filter(([name, value]) => PLAIN_DETAILS.has(name) || isFigures(value))
	);
}

/** Numbers and yes or no, also by name. */
function isFigures(value: unknown): boolean {
	if (typeof value === 'object' && value !== null) return Object.values(value).every(isFigures);
	return typeof value !== 'string';
}

function changeStrings(value: unknown, change: (text: string) => string): unknown {
	if (typeof value === 'string') return change(value);
	if (Array.isArray(value)) return value.map((part) => changeStrings(part, change));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, changeStrings(part, change)]));
}

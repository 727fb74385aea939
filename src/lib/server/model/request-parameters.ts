import { APIError } from 'openai';
import type { PromptMessage } from '#lib/contract/trace.ts';
import { errorText } from './upstream-error.ts';

/** Fields that a server can do without, in the order in which a refusal is looked for. */
const fields = ['stream_options', 'temperature', 'max_completion_tokens', 'max_tokens'] as const;
/** What a server can do without: the fields, and a message of the system's own. */
export type OptionalParameter = (typeof fields)[number] | 'system_role';

/** How servers and the templates of models say that they know no system message, or only the roles of a talk. */
const NO_SYSTEM_ROLE =
	/\bsystem\b[^.\n]{0,40}\b(?:role|message|prompt|instruction)|\brole\b[^.\n]{0,40}\bsystem\b|\broles? must alternate|\bonly (?:the )?user\b[^.\n]{0,40}\broles?\b/i;

/** Refused parameters of one server and model, and the request that is left without them. */
export class RequestParameters {
	readonly #refused: Set<OptionalParameter>;

	constructor(refused: Iterable<OptionalParameter> = []) {
		this.#refused = new Set(refused);
	}

	/** A copy that can go its own way. */
	copy(): RequestParameters {
		return new RequestParameters(this.#refused);
	}

	get refused(): readonly OptionalParameter[] {
		return [...this.#refused];
	}

	refuse(parameter: OptionalParameter): void {
		this.#refused.add(parameter);
	}

	accepts(parameter: OptionalParameter): boolean {
		return !this.#refused.has(parameter);
	}

	/** The messages, where there must be none of the system's with its text in front of the first question. */
	messages(given: readonly PromptMessage[]): PromptMessage[] {
		const messages = given.map(({ role, content }) => ({ role, content }));
		if (this.accepts('system_role')) return messages;
		const rules = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
		const others = messages.filter(({ role }) => role !== 'system');
		const first = others.findIndex(({ role }) => role === 'user');
		return others.map(({ role, content }, at) => ({
			role,
			content: at === first ? [...rules, content].join('\n\n') : content
		}));
	}

	/**
	 * The optional part of a request's body. The bound of the answer goes under the first of its two names that has not been
	 * refused: OpenAI's newer models know only `max_completion_tokens`, most other servers know `max_tokens`.
	 */
	body(values: {
		temperature: number | undefined;
		maxTokens: number;
		preferred: 'max_tokens' | 'max_completion_tokens';
	}): Record<string, unknown> {
		const other = values.preferred === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
		const name = [values.preferred, other].find((each) => this.accepts(each as OptionalParameter));
		return {
			...(this.accepts('stream_options') && { stream_options: { include_usage: true } }),
			...(values.temperature !== undefined &&
				this.accepts('temperature') && { temperature: values.temperature }),
			...(name && { [name]: values.maxTokens })
		};
	}
}

/**
 * The parameter of this request that the server does not want, if that is why it refused: HTTP 400 or 422 naming one that
 * was sent. Null when the refusal has another reason.
 */
export function refusedParameter(
	thrown: unknown,
	sent: Readonly<Record<string, unknown>>
): OptionalParameter | null {
	if (!(thrown instanceof APIError) || (thrown.status !== 400 && thrown.status !== 422)) return null;
	const named = fields.find((parameter) => parameter in sent && thrown.param === parameter);
	const said = errorText(thrown);
	// The message for a refused max_tokens advises max_completion_tokens: only what was sent can have been refused.
	const found = named ?? fields.find((parameter) => parameter in sent && said.includes(parameter));
	if (found) return found;
	const hasSystem = Array.isArray(sent.messages) && sent.messages.some(({ role }) => role === 'system');
	return hasSystem && NO_SYSTEM_ROLE.test(said) ? 'system_role' : null;
}

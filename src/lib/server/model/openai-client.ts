import { OpenAI } from 'openai';

export interface OpenAiConnection {
	/** Ends in `/v1` as a rule; undefined means OpenAI itself. */
	baseUrl?: string | undefined;
	/** Servers on one's own machine need none. */
	apiKey?: string | undefined;
}

/** Servers that need no key still want the header. */
const NO_KEY = 'none';

/** Longer than any limit of ours: the package's own timer must never be the one that fires. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * The package as we use it: no retries, no timers, no log, nothing read from the environment. All of these are ours, because
 * its retries are silent, its timeout ends with the headers, and its log holds what servers said.
 * @param fetch makes the requests; Node's own when left out.
 */
export function createOpenAiClient(
	{ baseUrl, apiKey }: OpenAiConnection,
	fetch?: typeof globalThis.fetch
): OpenAI {
	return new OpenAI({
		baseURL: baseUrl ?? 'https://api.openai.com/v1',
		apiKey: apiKey ?? NO_KEY,
		adminAPIKey: null,
		organization: null,
		project: null,
		maxRetries: 0,
		timeout: NEVER_MS,
		logLevel: 'off',
		...(fetch && { fetch })
	});
}

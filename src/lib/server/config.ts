import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { parseApiKey } from './config/api-keys.ts';
import { AppError } from './error.ts';

const url = z
	.url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
	.transform((text) => text.replace(/\/+$/, ''));
const integer = (min: number, max: number) =>
	z.coerce
		.number({ error: 'must be a whole number' })
		.int('must be a whole number')
		.min(min, `must be at least ${min}`)
		.max(max, `must be at most ${max}`);
/** As browsers send it: no path, no wildcard. */
const origin = z
	.url({ protocol: /^https?$/, error: 'must list origins such as https://docs.example.com' })
	.refine((text) => /^https?:\/\/[^/?#@*]+\/?$/i.test(text), 'must list origins, without a path or *')
	.transform((text) => new URL(text).origin);
const list = z.string().transform((text) =>
	text
		.split(',')
		.map((part) => part.trim())
		.filter(Boolean)
);

/**
 * Every setting, with its default and one line of help; the key is the environment variable. The README's table is
 * made from this.
 */
const settings = {
	PORT: integer(0, 65535).default(3000).describe('Port to listen on; 0 picks a free one.'),
	HOST: z
		.string()
		.min(1)
		.default('127.0.0.1')
		.describe('Address to listen on; the default is this machine only.'),
	DATA_DIR: z.string().min(1).default('./data').describe('Folder of the index and the traces.'),
	OPENAI_API_KEY: z.string().min(1).optional().describe('Key of the model endpoint.'),
	OPENAI_BASE_URL: url
		.optional()
		.describe(
			'Any OpenAI-compatible endpoint. With neither key nor URL, answers are quotes of the passages.'
		),
	CHAT_MODEL: z.string().min(1).default('gpt-5-mini').describe('Model that writes the answers.'),
	OMIT_PARAMETERS: list
		.pipe(
			z.array(
				z.enum(['stream_options', 'temperature', 'max_tokens', 'max_completion_tokens', 'system_role'], {
					error: 'must name stream_options, temperature, max_tokens, max_completion_tokens or system_role'
				})
			)
		)
		.default([])
		.describe('Parameters never sent to the model, such as stream_options or temperature; commas between.'),
	REQUIRE_FINISH_REASON: z
		.enum(['true', 'false'], { error: 'must be true or false' })
		.default('true')
		.describe('Set to false to also take answers that end with [DONE] and without a finish reason.'),
	STARTS_IN_REASONING: z
		.enum(['true', 'false'], { error: 'must be true or false' })
		.default('false')
		.describe(
			'Set to true for a model whose reasoning has only a closing tag; else its first answer shows it.'
		),
	EMBEDDING_MODEL: z
		.string()
		.min(1)
		.optional()
		.describe('Model of the embeddings endpoint; unset means the built-in embedder.'),
	EMBEDDING_BASE_URL: url.optional().describe('Embeddings endpoint, when it is not OPENAI_BASE_URL.'),
	EMBEDDING_API_KEY: z
		.string()
		.min(1)
		.optional()
		.describe('Its key, when it is on another host than OPENAI_BASE_URL.'),
	EMBEDDING_BATCH_SIZE: integer(1, 2048)
		.default(256)
		.describe('Texts in one request to the embeddings endpoint, at most.'),
	EMBEDDING_BATCH_TOKENS: integer(1, 300_000)
		.default(100_000)
		.describe('Estimated tokens in one request to the embeddings endpoint, at most.'),
	EMBEDDING_FORMAT: z
		.enum(['float', 'none'], { error: 'must be float or none' })
		.default('float')
		.describe('The encoding_format to ask for; none leaves it out where the endpoint does not know it.'),
	RERANK_URL: url
		.optional()
		.describe('A /rerank endpoint (Cohere, Jina, TEI); unset means the built-in reranker.'),
	RERANK_API_KEY: z
		.string()
		.min(1)
		.optional()
		.describe('Its key, when it is on another host than OPENAI_BASE_URL.'),
	RERANK_MODEL: z.string().min(1).optional().describe('Model to name to the rerank endpoint.'),
	PRICES: z
		.string()
		.min(1)
		.optional()
		.describe(
			'JSON file of model prices, in US dollars per million tokens; it wins over ours of 2025-08-31.'
		),
	RESUME_GRACE_MS: integer(0, 600_000)
		.default(2000)
		.describe('How long a run goes on when nobody listens, in milliseconds; 0 stops it at once.'),
	MAX_CONCURRENT_ANSWERS: integer(1, 10_000).default(64).describe('Answers that may be generated at once.'),
	MAX_QUEUE: integer(0, 100_000)
		.default(256)
		.describe('Runs that may wait for their turn; more are refused.'),
	MAX_QUEUE_WAIT_MS: integer(1, 3_600_000)
		.default(120_000)
		.describe('How long a run may wait for its turn, in milliseconds; then it ends as overloaded.'),
	MAX_ANSWERS_PER_CLIENT: integer(1, 110_000)
		.optional()
		.describe('Answers of one client at once, those that wait included; unset sets no limit.'),
	RATE_LIMIT_PER_MINUTE: integer(1, 1_000_000)
		.optional()
		.describe(
			'Questions and searches a minute of one client (its key, or its address); unset sets no limit.'
		),
	TRUSTED_PROXIES: integer(0, 10)
		.default(0)
		.describe('Proxies in front whose X-Forwarded-For is believed; 0 takes the address of the connection.'),
	DAILY_TOKEN_CAP: integer(1, 1e12)
		.optional()
		.describe('Tokens that all answers of a UTC day may use together; unset sets no cap.'),
	DAILY_CLIENT_TOKEN_CAP: integer(1, 1e12)
		.optional()
		.describe('Tokens that the answers of one client may use in a UTC day; unset sets no cap.'),
	DAILY_COST_CAP_USD: z.coerce
		.number({ error: 'must be a number' })
		.positive('must be more than 0')
		.optional()
		.describe('US dollars that all answers of a UTC day may cost together; unset sets no cap.'),
	SOURCE_TOKENS: integer(100, 10_000_000)
		.default(3000)
		.describe('Documentation given to the model for a question, in tokens at most.'),
	CONTEXT_TOKENS: integer(2048, 100_000_000)
		.default(16_384)
		.describe('Context window of the model, in tokens: prompt and room for the answer together.'),
	WRITE_STALL_TIMEOUT_MS: integer(1, 3_600_000)
		.default(30_000)
		.describe('A reader that takes nothing for so long is disconnected, in milliseconds.'),
	SHUTDOWN_GRACE_MS: integer(0, 3_600_000)
		.default(8000)
		.describe('How long answers may go on after SIGTERM, in milliseconds; then they end with an error.'),
	CONNECT_TIMEOUT_MS: integer(1, 3_600_000)
		.default(300_000)
		.describe("Longest wait for the headers of the model endpoint's response, in milliseconds."),
	FIRST_TOKEN_TIMEOUT_MS: integer(1, 3_600_000)
		.default(300_000)
		.describe('Longest wait for the first token of the model, in milliseconds.'),
	IDLE_TIMEOUT_MS: integer(1, 3_600_000)
		.default(30_000)
		.describe('Longest silence between two tokens of the model, in milliseconds.'),
	ANSWER_TIMEOUT_MS: integer(1, 3_600_000)
		.default(600_000)
		.describe('Longest whole answer, in milliseconds.'),
	TRACE_CONTENT: z
		.enum(['none', 'redacted', 'full'], { error: 'must be none, redacted or full' })
		.default('full')
		.describe('Text that traces keep: none, redacted or full; with API_KEYS the default is redacted.'),
	TRACE_RETENTION_DAYS: integer(1, 36_500)
		.optional()
		.describe('Traces older than this are deleted; unset keeps all.'),
	TRACE_MAX_BYTES: integer(1_000_000, 1e15)
		.optional()
		.describe('Bytes that traces may take on the disk; the oldest are deleted beyond it. Unset keeps all.'),
	SQLITE_SYNCHRONOUS: z
		.enum(['normal', 'full'], { error: 'must be normal or full' })
		.default('normal')
		.describe('Set to full to lose no trace when the power fails; each write then waits for the disk.'),
	INGEST_HOSTS: list
		.pipe(z.array(z.string().regex(/^[a-z\d.-]+$/i, 'must list names of hosts such as docs.example.com')))
		.transform((hosts) => hosts.map((host) => host.toLowerCase()))
		.default([])
		.describe('Hosts that ingest may read pages from; commas between. Unset allows every public one.'),
	API_KEYS: list
		.superRefine((entries, { addIssue }) => {
			const wrong = entries.findIndex((entry) => parseApiKey(entry) === null);
			// The entry itself is a secret, even when it is mistyped.
			if (wrong >= 0)
				addIssue(`must list ask:<key>, admin:<key> or sha256:<hash>; number ${wrong + 1} is neither`);
		})
		.default([])
		.describe('Keys that callers must present, such as ask:<key>,admin:<key>; unset asks for none.'),
	ALLOWED_ORIGINS: list
		.pipe(z.array(origin))
		.default([])
		.describe('Web origins that may call, and names that this server answers to; commas between.')
} as const;

const configSchema = z.object(settings);

/** The validated settings; names are those of the environment variables. */
export type Config = z.output<typeof configSchema>;

/** Name, default and help of every setting, for `--help` and the README. */
export function describeSettings(): { name: string; default: string; help: string }[] {
	return Object.entries(settings).map(([name, schema]) => {
		const fallback = schema.safeParse(undefined);
		const value = fallback.success ? fallback.data : undefined;
		const shown = value === undefined || (Array.isArray(value) && value.length === 0) ? '' : String(value);
		return { name, default: shown, help: schema.description ?? '' };
	});
}

/**
 * Settings from variables; empty ones count as unset.
 * @throws AppError `invalid_config` whose message is one line naming the first wrong setting.
 */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>): Config {
	const given = Object.entries(variables).filter(([name, value]) => name in settings && value?.trim());
	const parsed = configSchema.safeParse(Object.fromEntries(given));
	if (parsed.success) {
		const { data } = parsed;
		const isChosen = given.some(([name]) => name === 'TRACE_CONTENT');
		// Keys mean several people, of whom one can read what the others asked.
		return data.API_KEYS.length === 0 || isChosen ? data : { ...data, TRACE_CONTENT: 'redacted' };
	}
	const issue = parsed.error.issues[0];
	throw new AppError('invalid_config', `${String(issue?.path[0])} ${issue?.message ?? 'is wrong'}.`);
}

/**
 * Settings from the environment and, for what is not set there, from a `.env` file in the working folder.
 * @param changes takes the place of both, by name; an empty value unsets
 */
export function loadConfig(changes: Readonly<Record<string, string>> = {}): Config {
	return parseConfig({ ...readEnvFile('.env'), ...process.env, ...changes });
}

function readEnvFile(path: string): Record<string, string | undefined> {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch {
		return {};
	}
	return parseEnv(text);
}

import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Config } from '#lib/server/config.ts';

/** Longest wait for an endpoint that is tried, in milliseconds. */
const TRIAL_MS = 5000;
/** A list of models is shorter. In characters. */
const LONGEST_LIST = 1024 * 1024;
/** Models that a warning names at most. */
const MOST_NAMED = 5;

const OPENAI = 'https://api.openai.com/v1';

/** In one line, what answers, embeds and ranks. */
export function modelsLine(config: Config): string {
	const model = usesModel(config)
		? `${config.CHAT_MODEL} at ${shown(config.OPENAI_BASE_URL ?? OPENAI)}`
		: 'none, answers are quotations (set OPENAI_BASE_URL or OPENAI_API_KEY)';
	const embedder = config.EMBEDDING_MODEL
		? `${config.EMBEDDING_MODEL} at ${shown(embeddingAddress(config))}`
		: 'built in';
	const reranker = config.RERANK_URL
		? `${config.RERANK_MODEL ?? 'endpoint'} at ${shown(config.RERANK_URL)}`
		: 'built in';
	return `Model: ${model} · embedder: ${embedder} · reranker: ${reranker}`;
}

/**
 * Tries each endpoint once, in a way that costs nothing: asks for the list of models, or only whether anything answers.
 * @returns a sentence for each that does not seem to work, naming the setting; never throws.
 */
export async function tryEndpoints(config: Config): Promise<string[]> {
	const trials: Promise<string | null>[] = [];
	const { OPENAI_API_KEY: apiKey, CHAT_MODEL: model } = config;
	if (usesModel(config)) {
		const address = config.OPENAI_BASE_URL ?? OPENAI;
		trials.push(
			tryModels({
				what: 'model',
				address,
				apiKey,
				model,
				settings: ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'CHAT_MODEL']
			})
		);
	}
	if (config.EMBEDDING_MODEL && config.EMBEDDING_BASE_URL) {
		trials.push(
			tryModels({
				what: 'embeddings',
				address: config.EMBEDDING_BASE_URL,
				apiKey: config.EMBEDDING_API_KEY,
				model: config.EMBEDDING_MODEL,
				settings: ['EMBEDDING_BASE_URL', 'EMBEDDING_API_KEY', 'EMBEDDING_MODEL']
			})
		);
	}
	if (config.RERANK_URL) trials.push(tryAddress('rerank', config.RERANK_URL, 'RERANK_URL'));
	return (await Promise.all(trials)).filter((warning) => warning !== null);
}

interface Trial {
	what: string;
	address: string;
	apiKey: string | undefined;
	model: string;
	/** Settings of the address, the key and the model. */
	settings: readonly [string, string, string];
}

async function tryModels({ what, address, apiKey, model, settings }: Trial): Promise<string | null> {
	const [addressSetting, keySetting, modelSetting] = settings;
	let answer: { status: number; body: string };
	try {
		answer = await get(`${address.replace(/\/$/, '')}/models`, apiKey);
	} catch (thrown) {
		return unreachable(what, address, addressSetting, thrown);
	}
	if (answer.status === 401 || answer.status === 403)
		return `Warning: the ${what} endpoint at ${shown(address)} refuses the key (HTTP ${answer.status}). Check ${keySetting}.`;
	const listed = modelsIn(answer.body);
	// Servers add a tag or a folder to the name that they take.
	const isListed = listed.some(
		(name) => name === model || name.split(':')[0] === model || name.endsWith(`/${model}`)
	);
	if (answer.status !== 200 || listed.length === 0 || isListed) return null;
	const named = listed.slice(0, MOST_NAMED).join(', ');
	const more = listed.length > MOST_NAMED ? ` and ${listed.length - MOST_NAMED} more` : '';
	return `Warning: the ${what} endpoint at ${shown(address)} does not list the model ${model}. It has ${named}${more}. Check ${modelSetting}.`;
}

async function tryAddress(what: string, address: string, setting: string): Promise<string | null> {
	try {
		await get(address, undefined);
		return null;
	} catch (thrown) {
		return unreachable(what, address, setting, thrown);
	}
}

function unreachable(what: string, address: string, setting: string, thrown: unknown): string {
	const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'no answer';
	return `Warning: the ${what} endpoint at ${shown(address)} cannot be reached (${code}). Start it, or check ${setting}.`;
}

/** On a connection of its own, which is closed after it. */
function get(address: string, apiKey: string | undefined): Promise<{ status: number; body: string }> {
	const url = new URL(address);
	const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
	const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
		agent: false,
		signal: AbortSignal.timeout(TRIAL_MS),
		headers: { accept: 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) }
	});
	request.on('error', reject);
	request.on('response', (response: IncomingMessage) => {
		let body = '';
		response.setEncoding('utf8');
		response.on('data', (piece: string) => {
			body += piece;
			if (body.length > LONGEST_LIST) response.destroy();
		});
		response.on('error', reject);
		response.on('close', () => resolve({ status: response.statusCode ?? 0, body }));
	});
	request.end();
	return promise;
}

/** Names in a list of models as OpenAI has it; none in anything else. */
function modelsIn(body: string): string[] {
	try {
		const { data } = JSON.parse(body) as { data?: unknown };
		if (!Array.isArray(data)) return [];
		return data.flatMap((each: unknown) => {
			const id = typeof each === 'object' && each !== null && 'id' in each ? each.id : undefined;
			return typeof id === 'string' && /^[\w./:@+-]{1,100}$/.test(id) ? [id] : [];
		});
	} catch {
		return [];
	}
}

const usesModel = (config: Config) => Boolean(config.OPENAI_API_KEY || config.OPENAI_BASE_URL);
const embeddingAddress = (config: Config) => config.EMBEDDING_BASE_URL ?? config.OPENAI_BASE_URL ?? OPENAI;

/** An address without credentials and query, which may hold a key. */
function shown(address: string): string {
	const { origin, pathname } = new URL(address);
	return `${origin}${pathname}`.replace(/\/$/, '');
}

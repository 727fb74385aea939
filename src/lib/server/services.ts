import type { Config } from './config.ts';
import { AppError } from './error.ts';
import type { Embedder } from './model/embedder.ts';
import { EndpointReranker } from './model/endpoint-reranker.ts';
import { ExtractiveGenerator } from './model/extractive-generator.ts';
import { FeatureReranker } from './model/feature-reranker.ts';
import type { Generator } from './model/generator.ts';
import { WordEmbedder } from './model/word-embedder.ts';
import { OpenAiEmbedder } from './model/openai-embedder.ts';
import { OpenAiGenerator } from './model/openai-generator.ts';
import { loadPrices } from './model/prices.ts';
import { rerankWeights } from './model/rerank-weights.ts';
import type { Reranker } from './model/reranker.ts';
import { tracePrivacy } from './privacy/trace-privacy.ts';
import { createAnswerPipeline } from './rag/answer.ts';
import type { AnswerEngine, SearchEngine } from './rag/engine.ts';
import { searchPassages } from './rag/search.ts';
import { requireLibrary } from './run/admission.ts';
import { Allowance } from './run/allowance.ts';
import { ClientCap } from './run/client-cap.ts';
import { ClientShare } from './run/client-share.ts';
import { ConversationMemory } from './run/conversation-memory.ts';
import { DailyCaps } from './run/daily-caps.ts';
import { RateLimit } from './run/rate-limit.ts';
import { RunRegistry } from './run/registry.ts';
import { analyze } from './search/analyze.ts';
import { Corpus } from './search/corpus.ts';
import { LiveIndex } from './search/live-index.ts';
import { publishIndex, type Published, type PublishProgress } from './search/publish.ts';
import { SqliteClientSpendingStore } from './store/client-spending.ts';
import { SqliteSpendingStore } from './store/spending.ts';
import { SqliteTraceStore } from './store/sqlite.ts';
import { Access } from './transport/access.ts';
import { EndedSessions } from './transport/ended-sessions.ts';
import { sessionSecret } from './transport/session-secret.ts';
import type { RequestServices } from './trpc/context.ts';

/** Everything that works behind the doors, wired up. */
export interface Services extends RequestServices {
	corpus: Corpus;
	index: LiveIndex;
	/** What retrieval works with, for measuring it. */
	engine: SearchEngine;
	/**
	 * Brings the index in line with the corpus; this and every other process on the data folder then serves it.
	 * @throws AppError `cancelled`, or `upstream_*` when an embeddings endpoint failed.
	 */
	publish(onProgress: (progress: PublishProgress) => void, signal: AbortSignal): Promise<Published>;
	/**
	 * Ends the runs, waits until their traces are stored, and closes all files.
	 * @param graceMs how long runs may take to come to their own end, in milliseconds; none unless given.
	 */
	close(graceMs?: number): Promise<void>;
}

const RETENTION_SWEEP_MS = 300_000;
const DAY_MS = 86_400_000;

/**
 * The only place that constructs adapters: chooses them by the settings and wires them to the ports.
 * @throws AppError `invalid_config` for prices that cannot be read, `storage_failed` for a data folder that cannot be used.
 */
export async function createServices(config: Config): Promise<Services> {
	const prices = loadPrices(config.PRICES);
	const store = new SqliteTraceStore(config.DATA_DIR, config.SQLITE_SYNCHRONOUS);
	const corpus = new Corpus(config.DATA_DIR);
	const embedder = chooseEmbedder(config);
	const index = new LiveIndex({ corpus, dataFolder: config.DATA_DIR, embedder, onError: reportIndexFailure });
	await index.refresh().catch(reportIndexFailure);

	const conversations = config.TRACE_CONTENT === 'none' ? new ConversationMemory() : undefined;
	const engine: AnswerEngine = {
		knowledge: () => index.current(),
		reranker: chooseReranker(config),
		generator: chooseGenerator(config),
		prices,
		sourceTokens: config.SOURCE_TOKENS,
		contextTokens: config.CONTEXT_TOKENS,
		turns: (conversationId, limit) => (conversations ?? store).turns(conversationId, limit)
	};
	// Quotes cost nothing, so there is nothing to count.
	const spending = engine.generator.builtIn ? undefined : new SqliteSpendingStore(config.DATA_DIR);
	const caps =
		spending &&
		new DailyCaps({
			store: spending,
			tokens: config.DAILY_TOKEN_CAP,
			costUsd: config.DAILY_COST_CAP_USD,
			unpricedCost: (tokens) => prices.highestCost(tokens)
		});
	const clientTokens = spending && config.DAILY_CLIENT_TOKEN_CAP;
	const clientSpending = clientTokens ? new SqliteClientSpendingStore(config.DATA_DIR) : undefined;
	const privacy = tracePrivacy(config);
	const runs = new RunRegistry({
		pipeline: createAnswerPipeline(engine),
		store,
		config,
		allowance: new Allowance(
			new RateLimit(config.RATE_LIMIT_PER_MINUTE),
			caps,
			new ClientShare(config.MAX_ANSWERS_PER_CLIENT),
			clientSpending && new ClientCap({ store: clientSpending, tokens: clientTokens! })
		),
		libraries: () => index.libraries(),
		privacy,
		conversations
	});
	const stopSweeping = sweepOldTraces(store, config);
	// Sums of a large store are made before somebody waits for them; closing the store ends that.
	store.stats({ window: 'all' }).catch(() => {});

	return {
		config,
		access: new Access(
			config.API_KEYS,
			() => sessionSecret(config.DATA_DIR),
			new EndedSessions(config.DATA_DIR)
		),
		store,
		corpus,
		index,
		engine,
		runs,
		async search(request, signal) {
			requireLibrary(request.library, index.libraries());
			const found = await searchPassages(engine, request, signal);
			return { ...found, results: privacy.shownSources(found.results) };
		},
		libraries: () => corpus.libraries(),
		async publish(onProgress, signal) {
			const published = await publishIndex({
				corpus,
				dataFolder: config.DATA_DIR,
				embedder,
				onProgress,
				signal
			});
			await index.refresh();
			return published;
		},
		async close(graceMs) {
			stopSweeping();
			await runs.close(graceMs);
			index.close();
			spending?.close();
			clientSpending?.close();
			store.close();
			corpus.close();
		}
	};
}

function chooseGenerator(config: Config): Generator {
	if (!config.OPENAI_API_KEY && !config.OPENAI_BASE_URL) return new ExtractiveGenerator();
	return new OpenAiGenerator({
		baseUrl: config.OPENAI_BASE_URL,
		apiKey: config.OPENAI_API_KEY,
		model: config.CHAT_MODEL,
		omitParameters: config.OMIT_PARAMETERS,
		doneIsEnough: config.REQUIRE_FINISH_REASON === 'false',
		startsInReasoning: config.STARTS_IN_REASONING === 'true',
		headersTimeoutMs: config.CONNECT_TIMEOUT_MS,
		firstTokenTimeoutMs: config.FIRST_TOKEN_TIMEOUT_MS,
		idleTimeoutMs: config.IDLE_TIMEOUT_MS,
		answerTimeoutMs: config.ANSWER_TIMEOUT_MS
	});
}

function chooseEmbedder(config: Config): Embedder {
	if (!config.EMBEDDING_MODEL) return new WordEmbedder(analyze);
	return new OpenAiEmbedder({
		baseUrl: config.EMBEDDING_BASE_URL ?? config.OPENAI_BASE_URL,
		apiKey: config.EMBEDDING_API_KEY ?? mainKeyFor(config, config.EMBEDDING_BASE_URL),
		model: config.EMBEDDING_MODEL,
		batch: { inputs: config.EMBEDDING_BATCH_SIZE, tokens: config.EMBEDDING_BATCH_TOKENS },
		asksForFloat: config.EMBEDDING_FORMAT === 'float'
	});
}

function chooseReranker(config: Config): Reranker {
	if (!config.RERANK_URL)
		return new FeatureReranker(rerankWeights(config.EMBEDDING_MODEL ? 'endpoint' : 'built-in'));
	return new EndpointReranker({
		url: config.RERANK_URL,
		apiKey: config.RERANK_API_KEY ?? mainKeyFor(config, config.RERANK_URL),
		model: config.RERANK_MODEL
	});
}

/** The key of the model endpoint, but only for its own host: a key is never shown to another one. */
function mainKeyFor(
	{ OPENAI_API_KEY, OPENAI_BASE_URL }: Config,
	url: string | undefined
): string | undefined {
	const host = (address: string) => new URL(address).host;
	const main = host(OPENAI_BASE_URL ?? 'https://api.openai.com/v1');
	return url === undefined || host(url) === main ? OPENAI_API_KEY : undefined;
}

/** Deletes traces that are too old or too many, now and every few minutes; returns how to stop that. */
function sweepOldTraces(
	store: SqliteTraceStore,
	{ TRACE_RETENTION_DAYS: days, TRACE_MAX_BYTES: bytes }: Config
): () => void {
	if (days === undefined && bytes === undefined) return () => {};
	const sweep = async () => {
		if (days !== undefined) await store.deleteBefore(new Date(Date.now() - days * DAY_MS));
		if (bytes !== undefined) await store.deleteBeyond(bytes);
	};
	const sweepNow = () => void sweep().catch(reportSweepFailure);
	sweepNow();
	const timer = setInterval(sweepNow, RETENTION_SWEEP_MS);
	timer.unref();
	return () => clearInterval(timer);
}

function reportIndexFailure(thrown: unknown): void {
	report('The published index could not be loaded', thrown);
}

function reportSweepFailure(thrown: unknown): void {
	report('Old traces could not be deleted', thrown);
}

/** One line for whoever runs the server; never content. */
function report(what: string, thrown: unknown): void {
	const reason = thrown instanceof AppError ? thrown.code : thrown instanceof Error ? thrown.name : 'unknown';
	process.stderr.write(`citelight: ${what} (${reason}).\n`);
}

import type { Embedder } from '#lib/server/model/embedder.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { passageText } from '#lib/server/search/passage-embedding.ts';
import type { Passage } from '#lib/server/search/passage-index.ts';
import { summarise, timeEach } from '../bench/measure.ts';
import { formatMilliseconds, formatTable } from '../bench/table.ts';

/** Bytes of a dimension in memory: the 4-byte value, and its copy in one byte that is scanned. */
const BYTES_PER_DIMENSION = 5;

/** What the built-in embedder costs on these passages and questions, as a Markdown table. */
export async function embedderCost(
	embedder: Embedder,
	{ index }: Knowledge,
	passages: Iterable<Passage>,
	questions: readonly string[],
	signal: AbortSignal
): Promise<string> {
	const texts = Array.from(passages, ({ chunk }) => passageText(chunk));
	const embed_ms = await processorTime(() => embedder.embedPassages(texts, signal));
	const rounds = { warmUpRounds: 1, rounds: 3 };
	const asked = questions.map((text) => ({ text, library: null }));
	const question = summarise(await timeEach(asked, (text) => embedder.embedQuestion(text, signal), rounds));
	const vectors = await Promise.all(asked.map((text) => embedder.embedQuestion(text, signal)));
	const searched = summarise(
		await timeEach(vectors, (own) => index.searchVector(own, { limit: 150 }), rounds)
	);
	return formatTable({
		title: `What the built-in embedder costs on ${texts.length.toLocaleString('en-US')} passages`,
		columns: ['', 'cost'],
		rows: [
			['a passage embedded: processor time', formatMilliseconds(embed_ms / texts.length)],
			['a question embedded for all libraries, p50', formatMilliseconds(question.p50_ms)],
			['150 nearest passages, p50', formatMilliseconds(searched.p50_ms)],
			['a passage in the index', `${embedder.dimensions * BYTES_PER_DIMENSION} bytes`]
		]
	});
}

/** Milliseconds that this process computed during a piece of work, which other load on the machine does not lengthen. */
async function processorTime(work: () => Promise<unknown>): Promise<number> {
	const start = process.cpuUsage();
	await work();
	const { user, system } = process.cpuUsage(start);
	return (user + system) / 1000;
}

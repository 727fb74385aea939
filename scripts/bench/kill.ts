import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createParser } from 'eventsource-parser';
import type { AskEvent } from '#lib/contract/ask.ts';
import { traceSchema } from '#lib/contract/trace.ts';
import { percentile, sorted } from '#lib/server/store/percentile.ts';
import { startApp } from '../../tests/fixtures/app-server.ts';
import { answer } from '../../tests/fixtures/model-script.ts';
import { startModelServer } from '../../tests/fixtures/model-server.ts';
import type { Table } from './table.ts';

const ANSWERS = 50;
const TOKEN_EVERY_MS = 20;
/** Text may be lost that came within this time before the kill. */
const MOST_LOST_MS = 1000;

/** What a reader had when its server died. */
interface Heard {
	traceId: string | null;
	hasSources: boolean;
	tokens: { text: string; at: number }[];
}

export interface KillFigures {
	rounds: number;
	accepted: number;
	missing: number;
	/** Traces whose status is not `interrupted` although they were in the middle. */
	wrong_status: number;
	without_sources: number;
	/** Traces whose text is not a beginning of what the reader had, or of which more than the last second is gone. */
	damaged_text: number;
	integrity_failures: number;
	/** Age at the kill of the oldest text that was lost, in milliseconds. */
	lost_text_p50_ms: number;
	lost_text_max_ms: number;
}

/**
 * Kills the built application (SIGKILL) in the middle of 50 answers, again and again on the same data folder, and looks each
 * time at what the next start finds.
 * @param docs a folder of documentation to ask about.
 */
export async function measureKills(
	dataDir: string,
	docs: string,
	question: string,
	rounds: number,
	progress: (what: string) => void = () => {}
): Promise<KillFigures> {
	const words = Array.from({ length: 1000 }, (_, count) => `word${count} `);
	await using model = await startModelServer({ script: answer(words, { everyMs: TOKEN_EVERY_MS }) });
	const env = { OPENAI_BASE_URL: model.url, MAX_CONCURRENT_ANSWERS: '64' };
	const lost: number[] = [];
	const figures = {
		rounds,
		accepted: 0,
		missing: 0,
		wrong_status: 0,
		without_sources: 0,
		damaged_text: 0,
		integrity_failures: 0
	};
	for (let round = 0; round < rounds; round++) {
		progress(`kill ${round + 1} of ${rounds}`);
		const app = await startApp({ dataDir, env, docs: round === 0 ? docs : [] });
		const heard: Heard[] = Array.from({ length: ANSWERS }, () => ({
			traceId: null,
			hasSources: false,
			tokens: []
		}));
		const flowing = Promise.withResolvers<void>();
		// A different moment between two flushes each time.
		const enough = 60 + ((round * 17) % 50);
		const reading = heard.map((each) =>
			listen(app.url, question, each, () => {
				if (heard.every(({ tokens }) => tokens.length >= enough)) flowing.resolve();
			})
		);
		await Promise.race([flowing.promise, Promise.all(reading)]);
		const killedAt = performance.now();
		await app.stop('SIGKILL');
		await Promise.all(reading);

		const database = new DatabaseSync(join(dataDir, 'traces.sqlite'));
		const { integrity_check } = database.prepare('PRAGMA integrity_check').get() ?? {};
		database.close();
		if (integrity_check !== 'ok') figures.integrity_failures += 1;

		await using next = await startApp({ dataDir, env });
		for (const { traceId, hasSources, tokens } of heard) {
			if (traceId === null) continue;
			figures.accepted += 1;
			const response = await fetch(`${next.url}/traces/${traceId}`);
			if (!response.ok) {
				figures.missing += 1;
				continue;
			}
			const trace = traceSchema.parse(await response.json());
			if (trace.status !== 'interrupted') figures.wrong_status += 1;
			if (hasSources && trace.sources.length === 0) figures.without_sources += 1;
			const kept = trace.answer ?? '';
			const text = tokens.map((token) => token.text).join('');
			const firstLost = firstLostAt(tokens, kept.length);
			const age = firstLost === null ? 0 : killedAt - firstLost;
			lost.push(age);
			const isBeginning = kept.startsWith(text) || text.startsWith(kept);
			if (!isBeginning || age > MOST_LOST_MS) figures.damaged_text += 1;
		}
	}
	return {
		...figures,
		lost_text_p50_ms: percentile(sorted(lost), 50) ?? 0,
		lost_text_max_ms: Math.max(...lost)
	};
}

function firstLostAt(tokens: Heard['tokens'], keptLength: number): number | null {
	let length = 0;
	for (const { text, at } of tokens) {
		length += text.length;
		if (length > keptLength) return at;
	}
	return null;
}

async function listen(url: string, question: string, heard: Heard, onToken: () => void): Promise<void> {
	const parser = createParser({
		onEvent({ id, data }) {
			const event = JSON.parse(data) as AskEvent;
			heard.traceId ??= id?.split(':')[0] ?? null;
			if (event.type === 'sources') heard.hasSources = true;
			if (event.type !== 'token') return;
			heard.tokens.push({ text: event.data, at: performance.now() });
			onToken();
		}
	});
	try {
		const response = await fetch(`${url}/ask/stream`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ question })
		});
		for await (const text of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(text);
	} catch {
		// The server was killed: that is what this is about.
	}
}

export function killTable(figures: KillFigures): Table {
	return {
		title: `kill -9 in the middle of ${ANSWERS} answers, ${figures.rounds} times`,
		columns: ['', 'figure'],
		rows: Object.entries(figures).map(([name, value]) => [
			name.replaceAll('_', ' '),
			String(Math.round(value))
		])
	};
}

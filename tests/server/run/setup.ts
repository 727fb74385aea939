import { askInputSchema, type AskInput, type AskRequest } from '#lib/contract/ask.ts';
import type { RunEvent, RunEvents } from '#lib/server/run/event-log.ts';
import { RunRegistry, type RunRegistryOptions } from '#lib/server/run/registry.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { scriptedPipeline, sources, type Beat } from '../../fixtures/scripted-pipeline.ts';

interface Given extends Partial<Omit<RunRegistryOptions, 'config'>> {
	beats?: readonly Beat[];
	config?: Partial<RunRegistryOptions['config']>;
}

/** For `vi.useFakeTimers`: time stands still, turns of the event loop go on. */
export const CLOCKS: (
	'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval' | 'Date' | 'performance'
)[] = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'];

/** A registry over a scripted pipeline and a store in memory; what a test does not give is ordinary. */
export function startRegistry({ beats = [sources(), 'Hello'], config, ...given }: Given = {}) {
	const script = scriptedPipeline(beats);
	const store = given.store ?? new MemoryTraceStore();
	const runs = new RunRegistry({
		pipeline: script.pipeline,
		libraries: () => ['demo'],
		...given,
		store,
		config: { RESUME_GRACE_MS: 2000, MAX_CONCURRENT_ANSWERS: 64, MAX_QUEUE: 256, ...config }
	});
	return { runs, store, script };
}

export function ask(given: Partial<AskInput> = {}): AskRequest {
	return askInputSchema.parse({ question: 'How do I create an endpoint?', ...given });
}

export async function collect(events: RunEvents): Promise<RunEvent[]> {
	const all: RunEvent[] = [];
	for await (const event of events) all.push(event);
	return all;
}

/** The text that the tokens add up to. */
export function textOf(events: readonly RunEvent[]): string {
	return events.map(({ event }) => (event.type === 'token' ? event.data : '')).join('');
}

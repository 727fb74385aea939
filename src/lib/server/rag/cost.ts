import { NO_USAGE } from '#lib/contract/trace.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { AnswerEngine } from './engine.ts';

/**
 * US dollars of the run's model calls: 0 when there was none, null when the price is not known. A server may name the model
 * differently from the settings; the price list knows one name or the other.
 */
export function costOf(
	{ generator, prices }: AnswerEngine,
	trace: TraceRecorder,
	model = generator.model
): number | null {
	const { usage } = trace.record;
	if (generator.builtIn || usage === NO_USAGE) return 0;
	return prices.cost(model, usage) ?? prices.cost(generator.model, usage);
}

import { AppError } from '#lib/server/error.ts';
import type { StepDetails } from '#lib/server/trace/recorder.ts';

/** What the details of a step say of an endpoint that failed it: which it is, and what it said. For whoever may see traces. */
export function endpointDetails(thrown: unknown): StepDetails {
	if (!(thrown instanceof AppError) || !thrown.endpoint) return {};
	const { address, model, said } = thrown.endpoint;
	return {
		endpoint: address,
		...(model !== null && { endpoint_model: model }),
		...(said !== '' && { endpoint_said: said })
	};
}

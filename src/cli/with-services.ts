import { loadConfig } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { onStopSignal } from './stop-signal.ts';

/**
 * Does a piece of work with the same services that the server has, in this process, and closes them.
 * @param work gets a signal that Ctrl-C fires; a second Ctrl-C ends the process at once.
 * @param changes to the settings, by name
 */
export async function withServices<T>(
	work: (services: Services, signal: AbortSignal) => Promise<T>,
	changes: Readonly<Record<string, string>> = {}
): Promise<T> {
	return untilInterrupted(async (signal) => {
		const services = await createServices(loadConfig(changes));
		try {
			return await work(services, signal);
		} finally {
			await services.close();
		}
	});
}

/** Does a piece of work with a signal that Ctrl-C (or SIGTERM) fires; a second one ends the process at once. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const controller = new AbortController();
	const ignoreSignals = onStopSignal(() => controller.abort(new AppError('cancelled', 'Stopped.')));
	try {
		return await work(controller.signal);
	} finally {
		ignoreSignals();
	}
}

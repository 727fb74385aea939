/**
 * npm passes a signal on that its whole group may have had already, as a terminal sends Ctrl-C and a supervisor SIGTERM: such an
 * echo comes at once, in milliseconds, and a person's second press does not.
 */
const ECHO_MS = 200;

/**
 * Listens for SIGINT and SIGTERM: the first asks to stop, a second one ends the process at once, with 130 or 143 as shells
 * count. When npm runs this process, the same signal once more within 200 ms is its echo.
 * @returns no longer listens.
 */
export function onStopSignal(stop: () => void): () => void {
	const isRunByNpm = process.env.npm_lifecycle_event !== undefined;
	let first: { signal: NodeJS.Signals; at: number } | null = null;
	const onSignal = (signal: NodeJS.Signals) => {
		if (first === null) {
			first = { signal, at: performance.now() };
			return stop();
		}
		const isEcho = isRunByNpm && signal === first.signal && performance.now() - first.at < ECHO_MS;
		if (!isEcho) process.exit(signal === 'SIGINT' ? 130 : 143);
	};
	process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
	return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

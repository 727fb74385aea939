import { monitorEventLoopDelay, performance, type EventLoopUtilization } from 'node:perf_hooks';

/** How often the loop is looked at, in milliseconds. */
const RESOLUTION = 1;

/** Delays of an event loop, in milliseconds: how much later than asked for a timer fired. */
export interface LoopDelay {
	p50_ms: number;
	p99_ms: number;
	max_ms: number;
	/** Share of the time in which the loop was busy, 0 to 1. */
	utilization: number;
}

// Loaded into the application by `--import`, so that the delay is measured where it happens. Speaks with whoever started the process.
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
let since: EventLoopUtilization = performance.eventLoopUtilization();

process.on('message', (message) => {
	if (message === 'start') {
		histogram.reset();
		histogram.enable();
		since = performance.eventLoopUtilization();
	} else if (message === 'read') {
		histogram.disable();
		// What is recorded is the time between two looks, their distance included.
		const delay = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
		const measured: LoopDelay = {
			p50_ms: delay(histogram.percentile(50)),
			p99_ms: delay(histogram.percentile(99)),
			max_ms: delay(histogram.max),
			utilization: performance.eventLoopUtilization(since).utilization
		};
		process.send?.(measured);
	}
});
process.channel?.unref();

import {
	createHistogram,
	monitorEventLoopDelay,
	performance,
	type EventLoopUtilization
} from 'node:perf_hooks';

/** How often the loop is looked at, in milliseconds. */
const RESOLUTION = 1;

/** Delays of an event loop, in milliseconds: how much later than asked for a timer fired. */
export interface LoopDelay {
	p50_ms: number;
	p99_ms: number;
	max_ms: number;
	/** The longest that its own thread worked between two looks, in processor time: what others on the machine took is not in it. Many systems count it in ticks of 4 ms. */
	longest_work_ms: number;
	/** The same, 99 of 100 looks. */
	p99_work_ms: number;
	/** Share of the time in which the loop was busy, 0 to 1. */
	utilization: number;
}

// Loaded into the application by `--import`, so that the delay is measured where it happens. Speaks with whoever started the process.
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
let since: EventLoopUtilization = performance.eventLoopUtilization();
const work = createHistogram();
let lastLook = process.threadCpuUsage();
let looks: ReturnType<typeof setInterval> | undefined;

function look(): void {
	const { user, system } = process.threadCpuUsage(lastLook);
	lastLook = process.threadCpuUsage();
	work.record(Math.max(1, Math.round(user + system)));
}

process.on('message', (message) => {
	if (message === 'start') {
		histogram.reset();
		histogram.enable();
		work.reset();
		lastLook = process.threadCpuUsage();
		looks = setInterval(look, RESOLUTION);
		since = performance.eventLoopUtilization();
	} else if (message === 'read') {
		histogram.disable();
		clearInterval(looks);
		// What is recorded is the time between two looks, their distance included.
		const delay = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
		const measured: LoopDelay = {
			p50_ms: delay(histogram.percentile(50)),
			p99_ms: delay(histogram.percentile(99)),
			max_ms: delay(histogram.max),
			longest_work_ms: work.max / 1000,
			p99_work_ms: work.percentile(99) / 1000,
			utilization: performance.eventLoopUtilization(since).utilization
		};
		process.send?.(measured);
	}
});
process.channel?.unref();

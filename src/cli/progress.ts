import { Presets, SingleBar } from 'cli-progress';
import { printable, remark, shorten } from './terminal.ts';

/** How far a piece of work has come, shown on stderr: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
	update(done: number, total: number, what?: string): void;
	/** To be called in any case, so that the terminal gets its cursor back. */
	stop(): void;
}

/** Pause between two lines, in milliseconds. */
const LINE_EVERY_MS = 2000;

export function showProgress(label: string): Progress {
	return process.stderr.isTTY ? bar(label) : lines(label);
}

function bar(label: string): Progress {
	const single = new SingleBar(
		{
			format: `${printable(label)} {bar} {value}/{total} {what}`,
			hideCursor: true,
			clearOnComplete: false,
			fps: 10,
			stream: process.stderr
		},
		Presets.shades_classic
	);
	let isStarted = false;
	return {
		update(done, total, what = '') {
			const payload = { what: shorten(printable(what), 40) };
			if (isStarted) {
				single.setTotal(total);
				single.update(done, payload);
			} else single.start(total, done, payload);
			isStarted = true;
		},
		stop() {
			if (!isStarted) return;
			single.update({ what: '' });
			single.stop();
		}
	};
}

function lines(label: string): Progress {
	let shownAt = performance.now();
	return {
		update(done, total) {
			const now = performance.now();
			if (done < total && now - shownAt < LINE_EVERY_MS) return;
			shownAt = now;
			remark(`${label}: ${done} of ${total}`);
		},
		stop() {}
	};
}

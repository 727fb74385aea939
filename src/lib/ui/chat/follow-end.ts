/** Within so many pixels of its end the page counts as read to the end. */
const NEAR = 96;

/**
 * Keeps the end of a growing page in view, unless the reader has scrolled up.
 * @param onchange told whether the end is being followed.
 * @returns `follow` scrolls to the end and follows it from now on. `grown` is to be called when the page has grown: while
 * an answer is `running` its end stays in view; what is listed below a complete one does not push it away.
 */
export function followEnd(onchange: (following: boolean) => void) {
	let following = true;
	let last = window.scrollY;
	const set = (next: boolean) => {
		if (next !== following) onchange((following = next));
	};
	const distance = () => document.documentElement.scrollHeight - window.innerHeight - window.scrollY;
	const toEnd = () => window.scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
	const scrolled = () => {
		// Only the reader scrolls up; what grows below moves nothing.
		if (window.scrollY < last && distance() > NEAR) set(false);
		else if (distance() <= NEAR) set(true);
		last = window.scrollY;
	};
	window.addEventListener('scroll', scrolled, { passive: true });
	return {
		follow() {
			set(true);
			toEnd();
		},
		grown(running: boolean) {
			if (!following) return;
			if (running) toEnd();
			else [...document.querySelectorAll('[data-after]')].at(-1)?.scrollIntoView({ block: 'nearest' });
		},
		destroy: () => window.removeEventListener('scroll', scrolled)
	};
}

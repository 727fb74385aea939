import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Locked {
	optionalDependencies?: Record<string, string>;
	resolved?: string;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as Record<
	'packages',
	Record<string, Locked>
>;

// npm leaves out other platforms' packages where it writes the file beside a node_modules that lacks them; then an install
// changes the file, and on another platform there is no native part.
it('the lock file has the native packages of every platform, so that an install changes nothing', () => {
	const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
		Object.keys(optionalDependencies).filter(
			(name) =>
				![`node_modules/${name}`, `${path}/node_modules/${name}`].some((each) => each in lock.packages)
		)
	);
	expect(missing).toEqual([]);
});

it('the lock file names no registry', () => {
	const named = Object.values(lock.packages).filter(({ resolved }) => resolved?.startsWith('http'));
	expect(named).toEqual([]);
});

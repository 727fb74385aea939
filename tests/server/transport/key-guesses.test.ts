import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Access } from '#lib/server/transport/access.ts';
import { EndedSessions } from '#lib/server/transport/ended-sessions.ts';
import { GUESSES_IN_ALL, GUESSES_PER_ADDRESS, KeyGuesses } from '#lib/server/transport/key-guesses.ts';

const tooMany: unknown = expect.objectContaining({ code: 'rate_limited', status: 429 });

/** A door with two keys and a clock that stands. */
function door() {
	const clock = { now: 0 };
	const guesses = new KeyGuesses(() => clock.now);
	const access = new Access(
		['ask:first-key', 'admin:second-key'],
		() => Buffer.alloc(32, 7),
		new EndedSessions(),
		guesses
	);
	const show = (key: string, address: string) =>
		access.identify(new Headers({ authorization: `Bearer ${key}` }), address);
	const guess = (address: string, count: number, prefix = address) => {
		for (let number = 0; number < count; number += 1) show(`${prefix}-${number}`, address);
	};
	return { clock, access, show, guess };
}

describe('different wrong keys from one address', () => {
	it('are refused beyond a number, with the time to wait, over the header and the log-in alike', () => {
		const { clock, access, show, guess } = door();
		guess('a', GUESSES_PER_ADDRESS);
		for (const attempt of [() => show('another', 'a'), () => access.logIn('another', 'a')]) {
			expect(attempt).toThrow(tooMany);
			expect(attempt).toThrow(expect.objectContaining({ retryAfterSeconds: 60 / GUESSES_PER_ADDRESS }));
		}
		clock.now = 60_000 / GUESSES_PER_ADDRESS;
		expect(show('another', 'a')).toBeNull();
		expect(() => show('one-more', 'a')).toThrow(tooMany);
	});

	it('once refused, a right key that is new there is answered just as a wrong one', () => {
		const { show, access, guess } = door();
		guess('a', GUESSES_PER_ADDRESS);
		expect(() => show('first-key', 'a')).toThrow(tooMany);
		expect(() => access.logIn('second-key', 'a')).toThrow(tooMany);
	});

	it('lock out nobody whose key was right there before, no session, and no other address', () => {
		const { show, access, guess } = door();
		expect(show('first-key', 'a')).not.toBeNull();
		const { token } = access.logIn('second-key', 'b');
		guess('a', GUESSES_PER_ADDRESS);
		expect(() => guess('a', 1, 'more')).toThrow(tooMany);
		expect(show('first-key', 'a')).not.toBeNull();
		expect(access.logIn('first-key', 'a').scope).toBe('ask');
		expect(access.identify(new Headers({ cookie: `citelight=${token}` }), 'a')).not.toBeNull();
		expect(show('second-key', 'c')).not.toBeNull();
	});

	it('are different ones: the same again is no guess, and is told that it is wrong', () => {
		const { show, guess } = door();
		for (let count = 0; count < 10 * GUESSES_PER_ADDRESS; count += 1) expect(show('typo', 'a')).toBeNull();
		expect(show('first-key', 'a')).not.toBeNull();
		guess('a', GUESSES_PER_ADDRESS - 1);
		expect(() => show('another', 'a')).toThrow(tooMany);
		expect(show('typo', 'a')).toBeNull();
	});

	it('are none where nothing or something else than a key was sent', () => {
		const { access, show } = door();
		for (const value of ['', 'Basic eDp5', 'Bearer']) {
			for (let count = 0; count < 30; count += 1) {
				expect(access.identify(new Headers({ authorization: value }), 'a')).toBeNull();
			}
		}
		expect(show('first-key', 'a')).not.toBeNull();
	});
});

it('different wrong keys from many addresses are refused beyond a number too', () => {
	const { show, guess } = door();
	expect(show('first-key', 'known')).not.toBeNull();
	for (let address = 0; address * GUESSES_PER_ADDRESS < GUESSES_IN_ALL; address += 1) {
		guess(`address-${address}`, GUESSES_PER_ADDRESS);
	}
	expect(() => show('another', 'fresh')).toThrow(tooMany);
	expect(show('first-key', 'known')).not.toBeNull();
});

it('however keys are tried, no more than the two numbers of new ones are told to be wrong within a minute', () => {
	const attempts = fc.array(fc.tuple(fc.nat(30), fc.nat(60)), { maxLength: 400 });
	fc.assert(
		fc.property(attempts, (tried) => {
			const { show } = door();
			const told = new Map<number, Set<number>>();
			for (const [address, key] of tried) {
				try {
					expect(show(`wrong-${key}`, `${address}`)).toBeNull();
					told.set(address, (told.get(address) ?? new Set()).add(key));
				} catch (thrown) {
					expect(thrown).toMatchObject({ code: 'rate_limited' });
				}
			}
			const counts = [...told.values()].map(({ size }) => size);
			expect(Math.max(0, ...counts)).toBeLessThanOrEqual(GUESSES_PER_ADDRESS);
			expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(GUESSES_IN_ALL);
		}),
		{ numRuns: 100 }
	);
});

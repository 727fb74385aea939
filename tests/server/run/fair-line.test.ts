import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairLine } from '#lib/server/run/fair-line.ts';

function lineOf(owners: string): FairLine<string> {
	const line = new FairLine<string>();
	[...owners].forEach((owner, at) => line.add(owner, `${owner}${at}`));
	return line;
}

function drain(line: FairLine<string>): string[] {
	const order: string[] = [];
	for (let next = line.next(); next !== undefined; next = line.next()) order.push(next);
	return order;
}

describe('the waiting line', () => {
	it('serves owners in turns, each in the order of its own entries', () => {
		expect(drain(lineOf('aaabca'))).toEqual(['a0', 'b3', 'c4', 'a1', 'a2', 'a5']);
	});

	it('says how many come before, as they are then served', () => {
		const owners = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 20 });
		fc.assert(
			fc.property(owners, fc.nat({ max: 5 }), (given, served) => {
				const line = lineOf(given);
				for (let count = 0; count < served; count += 1) line.next();
				const entries = [...given].map((owner, at) => ({ owner, entry: `${owner}${at}` }));
				const places = entries.flatMap(({ owner, entry }) => {
					const ahead = line.ahead(owner, entry);
					return ahead === null ? [] : [[ahead, entry] as const];
				});
				expect(places.length).toBe(line.size);
				const expected = places.toSorted(([a], [b]) => a - b).map(([, entry]) => entry);
				expect(places.map(([ahead]) => ahead).toSorted((a, b) => a - b)).toEqual(places.map((_, at) => at));
				expect(drain(line)).toEqual(expected);
				expect(line.size).toBe(0);
			})
		);
	});

	it('lets a newcomer have the last place of who has two more, and no other', () => {
		const line = lineOf('aab');
		expect(line.mayDisplace('c')).toBe(true);
		expect(line.mayDisplace('a')).toBe(false);
		expect(line.mayDisplace('b')).toBe(false);
		expect(line.displace()).toBe('a1');
		expect(line.mayDisplace('c')).toBe(false);
		expect(line.size).toBe(2);
	});

	it('forgets who has left', () => {
		const line = lineOf('ab');
		line.remove('a', 'a0');
		line.remove('a', 'a0');
		expect([line.size, line.ahead('a', 'a0'), line.ahead('b', 'b1')]).toEqual([1, null, 0]);
	});
});

/**
 * Round positions on an axis from 0 to `end`: steps of 1, 2, 2.5 or 5 times a power of ten, at most `most` of them, 0
 * included.
 */
export function niceTicks(end: number, most: number): number[] {
	if (!(end > 0) || most < 2) return [0];
	const rough = end / (most - 1);
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
	const count = Math.floor(end / step + 1e-9) + 1;
	return Array.from({ length: count }, (_, index) => Number((index * step).toPrecision(12)));
}

import { createHash } from 'node:crypto';
import type { ShippedVectors } from '#lib/server/model/word-vectors.ts';

/** Characters of a line of base64. */
const LINE = 2000;
/** Steps of the scale on either side of zero: a value takes 4 bits. */
const STEPS = 7;
const MIDDLE = 8;
const SCALE_BYTES = 4;

/** Packs vectors, a row a term: for each term a 32-bit float, the scale, and its values in 4 bits each; see word-vectors.ts. */
export function packWords(terms: readonly string[], vectors: Float32Array): ShippedVectors {
	const dimensions = vectors.length / terms.length;
	const rowBytes = SCALE_BYTES + dimensions / 2;
	const bytes = Buffer.alloc(terms.length * rowBytes);
	for (let row = 0; row < terms.length; row += 1) {
		const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
		const scale = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / STEPS || 1;
		bytes.writeFloatLE(scale, row * rowBytes);
		vector.forEach((value, at) => {
			const place = row * rowBytes + SCALE_BYTES + (at >> 1);
			bytes[place]! |= (Math.round(value / scale) + MIDDLE) << (at % 2 === 0 ? 0 : 4);
		});
	}
	const joined = terms.join(' ');
	const version = createHash('sha256').update(joined).update(bytes).digest('hex').slice(0, 8);
	return { dimensions, version, terms: joined, values: bytes.toString('base64') };
}

/** Source of the file of word vectors. */
export function wordsFile({ dimensions, version, terms, values }: ShippedVectors): string {
	const lines = (text: string) => text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
	// Joined, because a sum of a thousand strings is nested too deep for linters.
	const literal = (text: string) =>
		`[\n${lines(text)
			.map((line) => `\t\t'${line}'`)
			.join(',\n')}\n\t].join('')`;
	return `/** Vectors of words; written by \`npm run train:words\`, read by word-vectors.ts. */
export const WORD_VECTORS = {
	dimensions: ${dimensions},
	version: '${version}',
	terms: ${literal(terms)},
	values: ${literal(values)}
};
`;
}

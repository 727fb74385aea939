import { expect, it } from 'vitest';
import { Corpus } from '#lib/server/search/corpus.ts';
import { DataFolder, document } from './data-folder.ts';

const texts = (corpus: Corpus) => [...corpus.passages()].map(({ chunk }) => chunk.text);

it('gives the passages back document by document, in order', () => {
	using data = new DataFolder();
	data.corpus.replace([document('b.md', ['b0', 'b1']), document('a.md', ['a0'])]);
	expect(texts(data.corpus)).toEqual(['a0', 'b0', 'b1']);
	expect(data.corpus.passagesOf('demo', 'b.md').map(({ position }) => position)).toEqual([0, 1]);
	expect(data.corpus.passage('demo', 'b.md', 1)?.text).toBe('b1');
	expect(data.corpus.passage('demo', 'b.md', 2)).toBeNull();
});

it('replaces a document with all its passages', () => {
	using data = new DataFolder();
	data.corpus.replace([document('a.md', ['old', 'older'])]);
	data.corpus.replace([document('a.md', ['new'])]);
	expect(texts(data.corpus)).toEqual(['new']);
	expect(data.corpus.hashes('demo')).toEqual(new Map([['a.md', 'new']]));
});

it('keeps libraries and sources apart', () => {
	using data = new DataFolder();
	data.corpus.replace([document('a.md', ['x'], 'one', 'here'), document('a.md', ['y', 'z'], 'two', 'there')]);
	data.corpus.replace([document('b.md', ['w'], 'two', 'here')]);
	expect(data.corpus.documentsFrom('two', 'there')).toEqual(['a.md']);
	expect(data.corpus.libraries()).toMatchObject([
		{ name: 'one', documents: 1, chunks: 1 },
		{ name: 'two', documents: 2, chunks: 3 }
	]);
	data.corpus.remove('two', ['a.md']);
	expect(texts(data.corpus)).toEqual(['x', 'w']);
	expect(data.corpus.documents().map(({ library, document }) => `${library}/${document}`)).toEqual([
		'one/a.md',
		'two/b.md'
	]);
});

it('takes in all documents of a batch or none', () => {
	using data = new DataFolder();
	const broken = { ...document('b.md', ['b']), hash: undefined as unknown as string };
	expect(() => data.corpus.replace([document('a.md', ['a']), broken])).toThrow();
	expect(texts(data.corpus)).toEqual([]);
});

it('keeps vectors exactly, by model and text', () => {
	using data = new DataFolder();
	const vector = Float32Array.from([0.1, -2.5, 3e-8]);
	data.corpus.saveVectors('one', [['hash', vector]]);
	expect(data.corpus.vectors('one', ['hash', 'other'])).toEqual(new Map([['hash', vector]]));
	expect(data.corpus.vectors('two', ['hash']).size).toBe(0);
});

it('is there again when it is opened again, also beside itself', () => {
	using data = new DataFolder();
	data.corpus.replace([document('a.md', ['x'])]);
	data.corpus.publishIndex('first');
	const other = new Corpus(data.path);
	expect(texts(other)).toEqual(['x']);
	expect(other.currentIndex()).toBe('first');
	other.publishIndex('second');
	expect(data.corpus.currentIndex()).toBe('second');
	other.close();
});

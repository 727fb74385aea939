import { describe, expect, it } from 'vitest';
import { refusalText } from '#lib/server/rag/refusal.ts';
import { ranked as rankedPassage } from '../../fixtures/passages.ts';

const ranked = (heading: string, given: { url?: string; anchor?: string } = {}) =>
	rankedPassage({ heading_path: [heading], title: 'Guide', url: null, anchor: null, ...given });

describe('a refusal', () => {
	it('names the three nearest headings, each once', () => {
		const text = refusalText(
			'Which vaccine helps?',
			['Files', 'Files', 'Dates', 'Times', 'Zones'].map((each) => ranked(each))
		);
		expect(text).toMatch(/does not cover/);
		expect(text.match(/^- .*$/gm)).toEqual([
			'- Guide › Files (demo)',
			'- Guide › Dates (demo)',
			'- Guide › Times (demo)'
		]);
		expect(refusalText('Which vaccine helps?', [])).not.toContain('nearest');
	});

	it('links to headings whose page has an address on the web', () => {
		const text = refusalText('Which vaccine helps?', [
			ranked('Arrays [new]', { url: 'https://docs.example.com/a b', anchor: 'arrays' }),
			ranked('Local', { url: 'file:///home/a' }),
			ranked('Broken', { url: 'https://' })
		]);
		expect(text.match(/^- .*$/gm)).toEqual([
			'- [Guide › Arrays \\[new\\]](<https://docs.example.com/a%20b#arrays>) (demo)',
			'- Guide › Local (demo)',
			'- Guide › Broken (demo)'
		]);
	});

	it.each([
		['Welcher Impfstoff hilft gegen das Fieber?', /Dokumentation behandelt diese Frage nicht/],
		['哪种疫苗可以预防黄热病？', /文档/],
		['Qual vacina é usada para prevenir a febre amarela?', /documentação/],
		['どのワクチンが効きますか？', /ドキュメント/],
		['Which vaccine helps?', /documentation does not cover/]
	])('is in the language of the question: %s', (question, wording) => {
		expect(refusalText(question, [])).toMatch(wording);
	});
});

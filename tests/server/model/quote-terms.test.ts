import { describe, expect, it } from 'vitest';
import { QuestionTerms, shinglesOf } from '#lib/server/model/quote-terms.ts';

describe('terms of a question', () => {
	it.each([
		['How do I use the cats?', ['cat']],
		['response_model', ['response_model', 'respons', 'model']],
		['HTTPException', ['httpexception', 'http', 'except']],
		['asyncio.gather', ['asyncio.gather', 'asyncio', 'gather']],
		['--reload', ['reload']],
		['crème', ['creme']],
		['Größe запросами', ['größe', 'запро']],
		['猫', ['猫']],
		['useEffect是什么', ['useeffect', 'effect', '是什', '什么']],
		['요청을', ['요청', '청을']]
	])('in %s', (question, terms) => {
		expect(new QuestionTerms(question).all).toEqual(terms);
	});

	it.each([
		['cats and dogs', 'A dog.', ['dog'], 2],
		['запросы', 'Тело запроса.', ['запро'], 2],
		['请求体', '声明请求体时', ['请求', '求体'], 3],
		['ファイル', 'ﾌｧｲﾙ名', ['ファ', 'ァイ', 'イル'], 2.5],
		['می\u200cخواهم', 'میخواهم', ['میخوا'], 1],
		['x'.repeat(70), 'x'.repeat(70), [], 1]
	])('%s, that the text %s shares', (question, text, terms, words) => {
		expect(new QuestionTerms(question).sharedBy(text)).toEqual({ terms, words });
	});
});

describe('words in a row', () => {
	it.each([
		['A cat sits here.', ['a cat sits', 'cat sits here']],
		['Cat!', ['cat']],
		['猫在睡觉', ['猫 在 睡', '在 睡 觉']],
		['…', []]
	])('of %s', (text, shingles) => {
		expect([...shinglesOf(text)]).toEqual(shingles);
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze, questionTokens } from '#lib/server/search/analyze.ts';

describe('analyze', () => {
	it.each([
		['response_model', ['response_model', 'respons', 'model']],
		['HTTPException', ['httpexcept', 'http', 'except']],
		['asyncio.gather()', ['asyncio.gather', 'asyncio', 'gather']],
		['uvicorn --reload', ['uvicorn', '--reload', 'reload']],
		['createRouterWithPrefix', ['createrouterwithprefix', 'creat', 'router', 'with', 'prefix']],
		['sub-path', ['subpath', 'sub', 'path']],
		['__init__', ['__init__', 'init']],
		['OAuth2PasswordBearer', ['oauth2passwordbearer', 'auth', 'password', 'bearer']],
		['str.removeprefix', ['str.removeprefix', 'str', 'removeprefix']],
		['Python 3.12 and error 422', ['python', '3.12', 'error', '422']],
		['x := 1', ['x', ':=', '1']],
		['@app.get("/items/{item_id}")', ['app.get', 'app', 'item', 'item_id', 'item']],
		['C++20, C# or x++', ['c++', '20', 'c#', 'x']],
		["FastAPI's running loops", ['fastapi', 'fast', 'api', 'run', 'loop']]
	])('reads %s', (text, terms) => {
		expect(analyze(text)).toEqual(terms);
	});

	it('drops English stop words, but not words that questions are about', () => {
		expect(analyze('How do I use the while loop with else?')).toEqual(['while', 'loop', 'with', 'els']);
	});

	it('treats what is asked as what is written: other case, other form, same terms', () => {
		expect(analyze('Streaming RESPONSES')).toEqual(analyze('streamed response'));
		expect(analyze('httpexceptions')).toEqual([analyze('HTTPException')[0]]);
		expect(analyze('ﬁle')).toEqual(analyze('file'));
		expect(analyze('Café')).toEqual(analyze('cafe'));
	});

	it.each([
		['异步任务', ['异步', '步任', '任务']],
		['猫', ['猫']],
		['useEffect是什么', ['useeffect', 'effect', '是什']],
		['--reload参数', ['--reload', 'reload', '参数']],
		['用C++写v2.0版本', ['c++', '写', 'v2.0', 'v2', '0', '版本']],
		['サーバーのログ', ['サーバ', 'サー', 'ーバ', 'バー', 'ログ']],
		['GPUメモリ', ['gpu', 'メモリ', 'メモ', 'モリ']],
		['Redis에서', ['redi']],
		['서버를', ['서버를', '서버']],
		['설정하세요', ['설정하세요', '설정']],
		['ฐานข้อมูล', ['ฐาน', 'ฐานข้อมูล', 'ข้อมูล']],
		['журналы', ['журналы', 'журнал', 'журн*']],
		['خانه‌ها', ['خانهها', 'خان', 'خانه']]
	])('reads %s as what its script makes of it', (text, terms) => {
		expect(analyze(text)).toEqual(terms);
	});

	it('reads words of a language as it reads English ones, with their stems and beginnings', () => {
		expect(analyze('Die Schlüssel wechseln', 'german')).toEqual(['schlussel', 'schl*', 'wechseln', 'wech*']);
		expect(analyze("l'utilisateur de getItem", 'french')).toEqual([
			'utilisateur',
			'utilis',
			'util*',
			'getitem',
			'item'
		]);
		expect(analyze('Die Schlüssel wechseln')).toEqual(['die', 'schlussel', 'wechseln']);
	});

	it.each([
		['joiners', 'نرم‌افزار', 'نرم\u200dافزار', false],
		['tatweel and vowel signs', 'مَكـتـب', 'مكتب', true],
		['Persian and Arabic letters', 'کلید', 'كليد', true],
		['a soft hyphen', 'Daten\u00adbank', 'Datenbank', true],
		['digits', 'Python ٣', 'Python 3', true],
		['full width', 'ＡＰＩ　キー', 'API キー', true],
		['half width', 'ﾃﾞｰﾀ', 'データ', true],
		['composition', 'Größe ключей каждый한'.normalize('NFD'), 'Größe ключей каждый한', true],
		['sharp s', 'Straße', 'Strasse', true],
		['dots on i', 'İSTANBUL ısı', 'istanbul isi', true],
		['accents', 'ΚΩΔΙΚΌΣ', 'κωδικος', true],
		['ё', 'учёт', 'учет', true],
		['apostrophes', "об'єкт", 'об’єкт', true],
		['a dot below', 'दरवाज़ा', 'दरवाजा', true]
	])('takes for the same what is written in two ways: %s', (_, one, other, isSame) => {
		if (isSame) expect(analyze(one)).toEqual(analyze(other));
		else expect(analyze(one)).toEqual(expect.arrayContaining([...analyze(other)]));
	});

	it('passes over what is no word: base64, hashes of absurd length, punctuation', () => {
		expect(analyze(`${'A'.repeat(500)} ---- *** 🚀`)).toEqual([]);
	});

	it('asks for nothing that the same words in a text do not give', () => {
		const piece = fc.oneof(
			fc.string({ unit: 'grapheme', maxLength: 6 }),
			fc.constantFrom(
				'怎么办',
				'备份数据库',
				'データを消す',
				'서버에서',
				'ฐานข้อมูลคือ',
				'useState',
				"l'eau",
				'в журнале',
				'\u200c',
				' ',
				'-'
			)
		);
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
				const text = pieces.join('');
				const given = new Set(analyze(text));
				for (const { terms } of questionTokens(text, []))
					for (const term of terms) expect(given).toContain(term);
			})
		);
	});

	it('gives clean terms for any text, the same every time', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
				const terms = analyze(text);
				expect(analyze(text)).toEqual(terms);
				for (const term of terms) expect(term).toMatch(/^\S+$/u);
			})
		);
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '#lib/server/search/analyze.ts';

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

	it('cuts scripts without spaces into pairs of characters', () => {
		expect(analyze('异步任务')).toEqual(['异步', '步任', '任务']);
		expect(analyze('猫')).toEqual(['猫']);
	});

	it('passes over what is no word: base64, hashes of absurd length, punctuation', () => {
		expect(analyze(`${'A'.repeat(500)} ---- *** 🚀`)).toEqual([]);
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

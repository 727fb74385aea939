import { expect, it } from 'vitest';
import { questionLanguage, unheldLanguage } from '#lib/server/search/unheld-language.ts';

const index = (held: Parameters<typeof unheldLanguage>[1]['held'], ...terms: string[]) => ({
	held,
	passagesWith: (term: string) => (terms.includes(term) ? 3 : 0)
});

it.each([
	['How do I declare a path parameter?', 'english'],
	['Wie deklariere ich einen Parameter in der Route?', 'german'],
	['Como faço para declarar um parâmetro de rota?', 'portuguese'],
	['vscode extension to sort tailwind classes on save', 'english'],
	["Vite hot reload doesn't work inside WSL2", 'english'],
	['如何声明路径参数？', 'chinese'],
	['useEffect 是什么，什么时候使用？', 'chinese'],
	['パスパラメータはどう宣言しますか', 'japanese'],
	['경로 매개변수를 어떻게 선언하나요?', 'korean'],
	['Как объявить параметр пути?', 'russian'],
	['What does the error "エラー" mean when I start the server?', 'english']
])('the language of a question: %s', (question, language) => {
	expect(questionLanguage(question)).toBe(language);
});

it('is unheld when no document is in it', () => {
	const german = 'Wie deklariere ich einen Parameter in der Route?';
	expect(unheldLanguage(german, index([]))).toBe('german');
	expect(unheldLanguage(german, index(['german']))).toBe(null);
	expect(unheldLanguage('How do I declare it?', index([]))).toBe(null);
});

it('needs little to be seen where the index does not know its words', () => {
	expect(unheldLanguage('Wie lade ich Umgebungsvariablen?', index([], 'lade'))).toBe('german');
	expect(unheldLanguage('Para que serve o decorador?', index([], 'para', 'serve'))).toBe('portuguese');
	expect(unheldLanguage('Como carregar variaveis de ambiente?', index([]))).toBe('portuguese');
	expect(unheldLanguage('best aphid killer roses', index([]))).toBe(null);
	expect(unheldLanguage('How do I get rid of aphids?', index([]))).toBe(null);
});

it('is unheld in another script when no document holds its words', () => {
	expect(unheldLanguage('안녕 세계', index([]))).toBe('korean');
	expect(unheldLanguage('Объявить параметр', index([]))).toBe('russian');
	expect(unheldLanguage('Объявить параметр', index([], 'объявить', 'параметр'))).toBe(null);
});

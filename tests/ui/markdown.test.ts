import { describe, expect, it, test } from 'vitest';
import { readCitations } from '#lib/server/rag/citations.ts';
import { refusalText } from '#lib/server/rag/refusal.ts';
import { languagesToLoad, loadLanguage } from '#lib/ui/markdown/code-languages.ts';
import { renderMarkdown } from '#lib/ui/markdown/render.ts';
import { hostsIn, hostsOf, webAddress } from '#lib/ui/markdown/links.ts';
import type { MarkKind } from '#lib/ui/markdown/text-marks.ts';
import fc from 'fast-check';
import { ranked } from '../fixtures/passages.ts';
import { forbiddenIn, textOf } from './markdown-html.ts';
import { markdownText } from './markdown-text.ts';

const link = (href: string, text: string) =>
	`<a href="${href}" title="${href}" target="_blank" rel="noopener noreferrer nofollow">${text}</a>`;
const unlinked = (text: string, address = '') =>
	`<span class="unlinked">${text}${address && `<span class="address"> (${address})</span>`}</span>`;
const hosts = ['b.example'];
const titles = ['First', 'Second', 'Third'];
const cited = (markup: string) =>
	[...markup.matchAll(/<button[^>]* data-citation="(\d+)"/g)].map(([, n]) => Number(n));

describe('What Markdown becomes', () => {
	test.each([
		['emphasis', '*a* **b** ~~c~~', '<p><em>a</em> <strong>b</strong> <del>c</del></p>'],
		['headings below those of the page', '# a\n\n### b', '<h3>a</h3>\n<h4>b</h4>'],
		['an answer that begins with the second level', '## a\n\n### b', '<h3>a</h3>\n<h4>b</h4>'],
		['deep headings', '###### a', '<h6>a</h6>'],
		['lists', '3. a\n4. b', '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'],
		['tasks', '- [x] a\n- [ ] b', '<ul>\n<li>☑ a</li>\n<li>☐ b</li>\n</ul>'],
		['quotes', '> a', '<blockquote>\n<p>a</p>\n</blockquote>'],
		['links', '[a](https://b.example/)', `<p>${link('https://b.example/', 'a')}</p>`],
		['bare addresses', 'https://b.example/c', `<p>${link('https://b.example/c', 'https://b.example/c')}</p>`],
		['reference links', '[a][b]\n\n[b]: https://b.example/', `<p>${link('https://b.example/', 'a')}</p>`],
		['links within the page', '[a](#b) [c](/d)', '<p>' + unlinked('a') + ' ' + unlinked('c') + '</p>'],
		['mail addresses', '<a@b.example>', '<p>' + unlinked('a@b.example') + '</p>'],
		['pictures', '![a chart](https://b.example/c.png)', '<p>a chart</p>'],
		['line breaks', 'a  \nb<br/>c', '<p>a<br>\nb<br>\nc</p>'],
		['raw HTML', '<b>a</b>', '<p>&#x3C;b>a&#x3C;/b></p>'],
		['comments', '<!-- a -->', '<p>&#x3C;!-- a --></p>'],
		['footnotes', 'a[^1]\n\n[^1]: b', '<p>a[^1]</p>\n<p>b</p>'],
		['inline code', '`<a>`', '<p><code>&#x3C;a></code></p>'],
		['hidden characters', 'a\u202eb', '<p>a‹U+202E›b</p>'],
		['Windows line ends', 'a\r\nb', '<p>a\nb</p>'],
		['nothing', ' \n', '']
	])('%s', (_name, markdown, markup) => {
		expect(renderMarkdown(markdown, { hosts }).replaceAll('\r', '')).toBe(markup);
	});

	test('tables scroll in a frame of their own', () => {
		const markup = renderMarkdown('| a | b |\n|---|--:|\n| 1 | 2 |');
		expect(markup).toMatch(/^<div class="table" role="group" aria-label="Table" tabindex="0"><table>/);
		expect(markup).toContain('<td align="right">2</td>');
	});

	test.each(['python', 'js', 'ts', 'sh', 'json', 'yaml', 'toml', 'html', 'css', 'sql', 'rust', 'go', 'cpp'])(
		'code in %s is coloured',
		async (language) => {
			expect(await loadLanguage(language)).toBe(true);
			const markup = renderMarkdown(`\`\`\`${language}\n# "a" = 1; <b c="d"> { color: red } // true\n\`\`\``);
			expect(markup).toContain(`<code class="language-${language}">`);
			expect(markup).toContain('<span class="hljs-');
			expect(markup).toContain(`aria-label="Code, ${language}" tabindex="0"`);
			expect(forbiddenIn(markup)).toEqual([]);
		}
	);

	test('code in a language that is not loaded is named, and stays as it is', async () => {
		const markdown = '```kotlin\nval a = 1\n```\n\n```java\nint a;\n```\n\n`<code class="language-go">`';
		const plain = renderMarkdown(markdown);
		expect(plain).not.toContain('hljs');
		expect(languagesToLoad(plain)).toEqual(['java']);
		await loadLanguage('java');
		expect(languagesToLoad(plain)).toEqual([]);
		expect(renderMarkdown(markdown)).toContain('<span class="hljs-type">int</span>');
	});

	test('code in an unknown language stays as it is', async () => {
		expect(await loadLanguage('brainfuck')).toBe(false);
		expect(await loadLanguage('constructor')).toBe(false);
		expect(renderMarkdown('```brainfuck\n+[->+<]\n```')).toBe(
			'<pre role="group" aria-label="Code, brainfuck" tabindex="0"><code class="language-brainfuck">+[->+&#x3C;]\n</code></pre>'
		);
	});

	test('of very long code only the beginning is coloured, and nothing is lost', async () => {
		await loadLanguage('python');
		const code = 'x = "a"\n'.repeat(5000);
		const markup = renderMarkdown('```python\n' + code + '```');
		expect(textOf(markup)).toBe(code);
		expect(markup.match(/hljs-string/g)!.length).toBe(2500);
	});
});

describe('Citations', () => {
	test.each([
		['one', 'a [1].', [1]],
		['several in one pair of brackets', 'a [1, 3]', [1, 3]],
		['several in a row', '[2][1]', [2, 1]],
		['in emphasis, lists and cells', '- **a [1]**\n\n| a [2] |\n|---|\n| b [3] |', [1, 2, 3]],
		['with a definition of the number', 'a [1]\n\n[1]: https://a.example/', [1]],
		['never given', 'a [0] [4] [99]', []],
		['some never given', 'a [1, 4]', [1]],
		['in code', '`[1]`\n\n```\n[1]\n```\n\n    [2]', []],
		['as the text of a link', '[[1]](https://a.example/)', []],
		['an index', 'row_names[1] x[2]', []],
		['directly behind a word', 'Use it[2], **yes**[1].', [2, 1]],
		['as a range', 'a [1-2]', [1, 2]],
		['as a footnote', 'a[^1]', [1]],
		['in full width', 'a【1†L3】b［２］', [1, 2]],
		['that a quoted passage has in full width', 'a [1], but &#12304;2】', [1]],
		['that a quoted passage has', 'a [1], but \\[2\\]', [1]],
		['escaped', '\\[x1\\] [1a]', []],
		['in the description of a picture', '![[1]](https://a.example/)', []]
	])('%s', async (_name, markdown, numbers) => {
		const markup = renderMarkdown(markdown, { titles });
		expect(cited(markup)).toEqual(numbers);
		expect((await readCitations(markdown, titles.length)).valid).toEqual(numbers.toSorted());
		expect(forbiddenIn(markup)).toEqual([]);
	});

	test('a citation is a button that names its source', () => {
		expect(renderMarkdown('[2]', { titles: ['a', '"><script>'] })).toBe(
			'<p><button type="button" class="citation" data-citation="2" data-at="0" aria-label="Source 2: &#x22;><script>" aria-haspopup="dialog">2</button></p>'
		);
	});

	test('what is not cited is kept as it was written', () => {
		expect(renderMarkdown('a [4], [1, 7]', { titles })).toMatch(
			/^<p>a <span class="cited-words">\[4\],\s<button.*<\/button>\[7\]<\/span><\/p>$/
		);
		expect(renderMarkdown('a [1]')).toBe('<p>a [1]</p>');
	});
});

describe('Links', () => {
	const of = (markdown: string) => renderMarkdown(markdown, { hosts: ['docs.example', 'docs.example:8080'] });
	const query = 'https://docs.example/?q=a';

	test.each([
		['a page of a source', '[a](https://docs.example/b#c)', link('https://docs.example/b#c', 'a')],
		[
			'another port that a source has',
			'[a](http://docs.example:8080/)',
			link('http://docs.example:8080/', 'a')
		],
		['capitals', '[a](HTTPS://DOCS.example/)', link('https://docs.example/', 'a')],
		['a query is shown', `[a](${query})`, `${link(query, 'a')}<span class="address"> (${query})</span>`],
		['a query that is shown already', query, link(query, query)],
		[
			'a text that is another address',
			'[https://bank.example](https://docs.example/)',
			`${link('https://docs.example/', 'https://bank.example')}<span class="address"> (https://docs.example/)</span>`
		],
		['another host', '[a](https://b.example/c?d=e)', unlinked('a', 'https://b.example/c?d=e')],
		['another host, bare', 'https://b.example/c', unlinked('https://b.example/c')],
		['another host, without a scheme', 'www.b.example', unlinked('www.b.example')],
		['a host that begins the same', '[a](https://docs.example.b/)', unlinked('a', 'https://docs.example.b/')],
		['a host below', '[a](https://x.docs.example/)', unlinked('a', 'https://x.docs.example/')],
		['another port', '[a](https://docs.example:1/)', unlinked('a', 'https://docs.example:1/')],
		['a name in front', '[a](https://b@docs.example/)', unlinked('a', 'https://b@docs.example/')],
		[
			'ours in front',
			'[a](https://docs.example@b.example/)',
			unlinked('a', 'https://docs.example@b.example/')
		],
		[
			'letters that look the same',
			'[https://dоcs.example](https://dоcs.example)',
			unlinked('https://dоcs.example', 'https://xn--dcs-sed.example/')
		],
		['a number cites nothing', '[[1]](https://b.example/[1])', unlinked('[1]', 'https://b.example/%5B1%5D')]
	])('%s', (_name, markdown, markup) => {
		expect(of(markdown)).toBe(`<p>${markup}</p>`);
		expect(forbiddenIn(of(markdown))).toEqual([]);
	});

	test('the hosts of sources are those of their addresses', () => {
		expect(
			hostsOf(['https://a.example/b', 'https://A.example/c', 'http://b.example:81/', null, 'c.example', '/d'])
		).toEqual(['a.example', 'b.example:81']);
	});

	test('no link leads to a host that was not given, whatever the text', () => {
		fc.assert(
			fc.property(markdownText, fc.webUrl({ withQueryParameters: true }), (text, address) => {
				for (const growing of [false, true])
					expect(
						renderMarkdown(`[a](${address}) ${text} ${address}`, { hosts: ['docs.invalid'], growing })
					).not.toMatch(/<a\s[^>]*href/);
			}),
			{ numRuns: 100 }
		);
	});
});

describe('Hostile Markdown', () => {
	const payloads = [
		'<script>alert(1)</script>',
		'<img src=x onerror=alert(1)>',
		'<svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>',
		'<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
		'<style>*{display:none}</style>',
		'<base href="https://evil.example/">',
		'<iframe srcdoc="<script>alert(1)</script>"></iframe>',
		'<form action="https://evil.example/"><input name=a><button formaction="javascript:alert(1)">x</button></form>',
		'<meta http-equiv="refresh" content="0;url=https://evil.example/">',
		'<object data="javascript:alert(1)"></object><embed src="javascript:alert(1)">',
		'<!--<img src="--><img src=x onerror=alert(1)>">',
		'<![CDATA[<img src=x onerror=alert(1)>]]>',
		'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
		'<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
		'<p id="location" name="body" class="citation" style="position:fixed">x</p>',
		'<button type="button" class="citation" data-citation="1">1</button>',
		'[x](javascript:alert(1))',
		'[x](JaVaScRiPt:alert(1))',
		'[x](  javascript:alert(1))',
		'[x](<java\tscript:alert(1)>)',
		'[x](java&#9;script:alert(1))',
		'[x](java&NewLine;script:alert(1))',
		'[x](&#106;avascript&colon;alert(1))',
		'[x](&#x6A&#x61vascript:alert(1))',
		'[x](\u0001javascript:alert(1))',
		'[x](data:text/html;base64,PHNjcmlwdD4=)',
		'[x](vbscript:msgbox(1))',
		'[x](//evil.example)',
		'[x](\\\\evil.example)',
		'[x](https:javascript:alert(1))',
		'[x](blob:https://a.example/1) [x](file:///etc/passwd) [x](ftp://a.example)',
		'[x](https://a.example/"onmouseover="alert(1))',
		'[x](https://a.example "x\\" onmouseover=\\"alert(1)")',
		'<javascript:alert(1)>',
		'<https://a.example/"onmouseover=alert(1)>',
		'[x][y]\n\n[y]: javascript:alert(1) "t"',
		'[a [b](javascript:alert(1)) c](javascript:alert(2))',
		'![x"onerror="alert(1)](javascript:alert(1))',
		'[![x](javascript:alert(1))](javascript:alert(2))',
		'![x][y]\n\n[y]: https://evil.example/pixel.png',
		'```"><script>alert(1)</script>\na\n```',
		'```html\n<script>alert(1)</script><img src=x onerror=alert(1)>\n```',
		'```x" onclick="alert(1)\na\n```',
		'```hljs citation language-a\na\n```',
		'`<img src=x onerror=alert(1)>`',
		'| <img src=x onerror=alert(1)> |\n|---|\n| [x](javascript:alert(1)) |',
		'[^<img src=x onerror=alert(1)>]\n\n[^<img src=x onerror=alert(1)>]: <script>',
		'&lt;script&gt;alert(1)&lt;/script&gt;',
		'[x](https://a.example/<br>"onload=alert(1))',
		'__proto__ [constructor](javascript:alert(1)) <constructor>'
	];

	test.each(payloads)('%s', (payload) => {
		for (const markdown of [
			payload,
			`a ${payload}`,
			`> - ${payload}`,
			`**${payload}**`,
			`[1] ${payload} [1]`
		])
			for (const growing of [false, true])
				expect(forbiddenIn(renderMarkdown(markdown, { titles, growing }))).toEqual([]);
	});

	test('the check itself finds what is forbidden', () => {
		expect(forbiddenIn('<p onclick="a">x</p><img src=x><a href="javascript:a">b</a><!--c-->')).toEqual([
			'<p onClick="a">',
			'<img>',
			'<img src="x">',
			'<a href="javascript:a">',
			'comment'
		]);
	});

	test('only absolute addresses of the web are led to', () => {
		expect(webAddress('HTTPS://A.example/b c')).toBe('https://a.example/b%20c');
		for (const address of ['javascript:a', '/a', '//a.example', 'https:a', 'data:,a', 'http://', '', null, 1])
			expect(webAddress(address)).toBeNull();
	});

	test('any text at all', () => {
		fc.assert(
			fc.property(markdownText, fc.boolean(), (markdown, growing) => {
				expect(forbiddenIn(renderMarkdown(markdown, { titles, growing }))).toEqual([]);
			}),
			{ numRuns: 300 }
		);
	});

	test('nested deeper than the stack: shown as it stands', () => {
		const markdown = '['.repeat(10) + '<img src=x>' + '!['.repeat(15_000);
		const markup = renderMarkdown(markdown, { titles });
		expect(forbiddenIn(markup)).toEqual([]);
		expect(textOf(markup)).toBe(markdown);
	});

	test.each(['> ', '- ', '[', '*a ', '![', '`', '<', '(', '**a', '[a](', '| '])(
		'%s, thousands of times',
		(mark) => {
			expect(forbiddenIn(renderMarkdown(mark.repeat(2000), { titles, growing: true }))).toEqual([]);
		}
	);
});

it('links of a refusal, which is text of our own, lead to the pages of the documentation', () => {
	const text = refusalText('Which vaccine helps?', [
		ranked({
			title: 'Guide',
			heading_path: ['Arrays'],
			url: 'https://docs.example.com/guide',
			anchor: 'arrays'
		})
	]);
	const markup = renderMarkdown(text, { hosts: hostsIn(text) });
	expect(markup).toContain('<a href="https://docs.example.com/guide#arrays"');
	expect(forbiddenIn(markup)).toEqual([]);
});

describe('Marks', () => {
	const mark = (markdown: string, words: string, kind: MarkKind = 'none') => {
		const start = markdown.indexOf(words);
		return renderMarkdown(markdown, {
			titles: ['One'],
			marks: [{ start, end: start + words.length, kind, note: 'Why.' }]
		});
	};

	it('cover a sentence through code, emphasis and its citation', () => {
		const markup = mark('Yes. Use **the `key` now** [1]. No.', 'Use **the `key` now** [1].');
		expect(
			markup.replace(/<mark[^>]*>([^]*?)<\/mark>/g, '{$1}').replace(/<button[^]*?<\/button>/, '*')
		).toMatch(/Yes\. \{Use \}<strong>\{the \}<code>\{key\}<\/code>\{ now\}<\/strong>\{.*\*.*\} No\./s);
		expect(cited(markup)).toEqual([1]);
		expect(forbiddenIn(markup)).toEqual([]);
	});

	it('leave what is written otherwise than it reads in one piece', () => {
		const markup = mark('a &amp; b', 'a &amp; b');
		expect(markup).toContain('<mark class="none" title="Why.">a &#x26; b</mark>');
	});

	it('cannot be made by the text', () => {
		expect(renderMarkdown('<mark class="none">x</mark>')).not.toContain('<mark');
	});
});

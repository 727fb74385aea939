import { describe, expect, it } from 'vitest';
import { parseDocument } from '#lib/server/ingest/parse-document.ts';
import { passagesOf, passagesOfFixture, textOf, under } from './passages.ts';

describe('Markdown', () => {
	const passages = passagesOfFixture('index.md', 'markdown');
	const text = textOf(passages);

	it('takes the title from the front matter and shows none of it', () => {
		expect(new Set(passages.map((passage) => passage.title))).toEqual(new Set(['Lantern']));
		expect(text).not.toContain('Not shown');
	});

	it('finds front matter below a badge', () => {
		const [first] = passagesOf(
			'[![Badge](https://example.com/b.svg)](https://example.com)\n\n---\ntitle: Deep\n---\n\nWords.'
		);
		expect(first).toMatchObject({ title: 'Deep', text: 'Words.' });
	});

	it('takes the first heading as the title without front matter', () => {
		expect(passagesOf('Words.\n\n## Second\n\n# First\n\nMore.')[0]?.title).toBe('First');
	});

	it('gives every passage its headings and the anchor of the nearest one', () => {
		const nested = passagesOf('# One\n\na\n\n## Two & more\n\nb\n\n#### Four\n\nc\n\n## Two & more\n\nd');
		expect(nested.map(({ heading_path, anchor, text }) => [heading_path.join('/'), anchor, text])).toEqual([
			['One', 'one', 'a'],
			['One/Two & more', 'two--more', 'b'],
			['One/Two & more/Four', 'four', 'c'],
			['One/Two & more', 'two--more-1', 'd']
		]);
	});

	it('honours an explicit anchor and takes it out of the heading', () => {
		expect(passages[0]).toMatchObject({ heading_path: ['Welcome to Lantern'], anchor: 'welcome' });
	});

	it('has no heading and no anchor before the first heading', () => {
		expect(passagesOf('Words.\n\n# Title')[0]).toMatchObject({
			heading_path: [],
			anchor: null,
			text: 'Words.'
		});
	});

	it('keeps the target of outside links only, without attribute lists', () => {
		expect(text).toContain('[source](https://example.com/lantern)');
		expect(text).toContain('Read the tutorial or');
		expect(text).not.toContain('internal-link');
	});

	it('resolves reference links', () => {
		expect(textOf(passagesOf('See [the site][s].\n\n[s]: https://example.com/s'))).toBe(
			'See [the site](https://example.com/s).'
		);
	});

	it('drops includes of files', () => {
		expect(text).not.toMatch(/\{\*|tutorial001/);
		expect(textOf(passagesOf('```Python\n{!> ../x.py!}\n```\n\nAfter.'))).toBe('After.');
	});

	it('turns admonition and tab fences into labels', () => {
		expect(text).toContain('**Technical Details**');
		expect(text).toContain('**Linux**\n\nUse the package manager.');
		expect(text).not.toMatch(/^\s*[/:]{3}/m);
		const fences =
			':::caution Take care\n\nHot.\n\n:::\n\n:::python\nOnly Python.\n:::\n\n!!! tip "Good to know"\n    It glows.\n\nAfter.';
		expect(textOf(passagesOf(fences))).toBe(
			'**Take care**\n\nHot.\n\nOnly Python.\n\n**Good to know**\n\nIt glows.\n\nAfter.'
		);
	});

	it('keeps the names of a generated reference without its options', () => {
		expect(text).toContain('`lantern.Server`');
		expect(text).toContain('- `listen`');
		expect(text).not.toContain('options:');
	});

	it('explains abbreviations and drops tags and comments', () => {
		expect(text).toContain('ASGI (Asynchronous Server Gateway Interface)');
		expect(text).not.toMatch(/<abbr|comment|over two lines/);
	});

	it('ends a comment where it ends, also with code in it, and leaves what looks like one in code', () => {
		expect(
			textOf(passagesOf('<!-- See `LIMIT` for more -->\n\nFirst.\n\n<!-- Second `LIMIT` -->\n\nThird.'))
		).toBe('First.\n\nThird.');
		expect(textOf(passagesOf('A<!-- `x` --> B<!-- y --> C `<!-- z -->` D<!-- over\ntwo lines --> E'))).toBe(
			'A B C `<!-- z -->` D\nE'
		);
		expect(textOf(passagesOf('Write ``<!-- ` -->`` or `<!--` or -->.'))).toContain('or `<!--` or -->.');
	});

	it('keeps words around a comment that is never closed', () => {
		expect(textOf(passagesOf('Before <!-- open\n\nAfter.'))).toContain('Before');
	});

	it('keeps the text of raw HTML', () => {
		const html = '<div class="card">\n<table><tr><th>Name</th></tr><tr><td>Wick</td></tr></table>\n</div>';
		expect(textOf(passagesOf(html))).toMatch(/Name[^]*Wick/);
	});

	it('keeps placeholders that only look like tags', () => {
		expect(textOf(passagesOf('Replace <API-KEY> and <YOUR_NAME>.'))).toBe(
			'Replace <API-KEY> and <YOUR_NAME>.'
		);
	});

	it('keeps code with its language and tables with their text', () => {
		const install = under(passages, 'Install').text;
		expect(install).toContain('```bash\npip install lantern\n```');
		expect(install).toContain('| `port` | Where it listens |');
	});

	it('keeps markup that stands in code', () => {
		const code = '```md\n/// note\n{* x *}\n<!-- y -->\n:::tip\n```';
		expect(textOf(passagesOf(code))).toBe(code);
		expect(textOf(passagesOf('Write `{% raw %}` or `<Tab>`.'))).toBe('Write `{% raw %}` or `<Tab>`.');
	});

	it('replaces a picture by its description', () => {
		expect(text).toContain('Diagram of a request');
		expect(text).not.toMatch(/base64|iVBOR/);
	});

	it('drops templates and what they would have filled in', () => {
		const page =
			'People:\n\n{% for user in people %}\n<a href="{{ user.url }}">@{{ user.login }}</a>\n{% endfor %}\n\nThanks.';
		expect(textOf(passagesOf(page))).toBe('People:\n\nThanks.');
	});

	it('drops lists that only lead around the page', () => {
		expect(
			textOf(passagesOf('# A\n\n## Contents\n\n- [B](#b)\n  - [C](#c)\n\n## B\n\nWords.\n\n## C\n\nMore.'))
		).toBe('Words.\n\nMore.');
	});

	it('labels alerts', () => {
		expect(textOf(passagesOf('> [!WARNING]\n> It is hot.'))).toBe('> **Warning:** It is hot.');
	});

	it('takes the colours out of recorded terminal sessions', () => {
		const session = '```console\n$ <font color="#4E9A06">lantern run</font>\n&apos;<b>ready</b>&apos;\n```';
		expect(textOf(passagesOf(session))).toBe("```console\n$ lantern run\n'ready'\n```");
	});

	it('shows long printed output by its start', () => {
		const long = Array.from({ length: 500 }, (_, line) => `row ${line}`).join('\n');
		const shown = textOf(passagesOf(`\`\`\`output\n${long}\n\`\`\``));
		expect(shown).toContain('row 0\n');
		expect(shown).not.toContain('row 499');
		expect(textOf(passagesOf(`\`\`\`text\n${long}\n\`\`\``))).toContain('row 499');
	});

	it('parses megabytes of embedded pictures without dwelling on them', () => {
		const picture = `![big](data:image/png;base64,${'iVBORw0KGgo'.repeat(500_000)})`;
		expect(textOf(passagesOf(`Before.\n\n${picture}\n\nAfter.`))).toBe('Before.\n\nbig\n\nAfter.');
	});
});

describe('MDX', () => {
	const passages = passagesOfFixture('guide/first-steps.mdx', 'markdown');
	const text = textOf(passages);

	it('drops imports, exports, expressions and tags', () => {
		expect(text).not.toMatch(/Callout|export|not for readers|<\/?(?:Note|Tab|CodeGroup|br)|:::/);
	});

	it('keeps the text of components, with titles as labels', () => {
		expect(text).toContain('Lantern needs a **recent** interpreter.');
		expect(text).toContain('**pip**\n\nInstall it from the index:\n\n```bash\npip install lantern\n```');
		expect(text).toContain('**uv**');
		expect(passages[0]?.title).toBe('First steps');
	});

	it('keeps the file name of a code block, not the settings of its renderer', () => {
		expect(text).toContain('**server.py**\n\n```python\nimport lantern');
		expect(text).not.toContain('theme');
	});

	it('does not read indented content of components as code', () => {
		const broken =
			'<Steps>\n    Open the { lid.\n\n    <Step title="Light it">\n        Use a match.\n    </Step>\n</Steps>';
		expect(textOf(passagesOf(broken))).toBe('Open the { lid.\n\n**Light it**\n\nUse a match.');
	});

	it('falls back without losing words when it is not valid MDX', () => {
		const invalid =
			'import x from "y";\n\nValue < 5 and {broken\n\n<Note>Kept.</Note>\n\n<Unclosed>\n\n```js\nimport z from "z";\n```';
		const passages = textOf(passagesOf(invalid));
		expect(passages).toContain('Value < 5 and {broken');
		expect(passages).toContain('Kept.');
		expect(passages).toContain('import z from "z";');
		expect(passages).not.toMatch(/<Note>|import x/);
	});

	it('never throws', () => {
		for (const odd of [
			'',
			'\n',
			'<',
			'<A',
			'{',
			'```',
			'---',
			'---\ntitle: [',
			'<!--',
			'|',
			'</Tab>',
			':::',
			'&#0;'
		]) {
			expect(() => parseDocument(odd, 'markdown')).not.toThrow();
		}
	});
});

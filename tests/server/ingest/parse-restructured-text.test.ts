import { describe, expect, it } from 'vitest';
import { parseDocument } from '#lib/server/ingest/parse-document.ts';
import { passagesOf, passagesOfFixture, textOf, under } from './passages.ts';

const format = 'restructured_text';
const markdown = (source: string) => textOf(passagesOf(source, format));

describe('reStructuredText', () => {
	const passages = passagesOfFixture('library.rst', format);
	const text = textOf(passages);
	const title = 'lantern — Serve pages';

	it('takes the title from the first section', () => {
		expect(passages[0]).toMatchObject({ title, heading_path: [title], anchor: 'lantern-library' });
	});

	it('makes a heading of every described object, with the anchor that Sphinx gives it', () => {
		const gather = under(passages, 'lantern.gather');
		expect(gather.anchor).toBe('lantern.gather');
		expect(gather.heading_path).toEqual([title, 'Functions', 'lantern.gather']);
		expect(gather.text).toContain('`awaitable lantern.gather(*pages)`');
		expect(gather.text).toContain('```python\nawait lantern.gather(a, b)\n```');
	});

	it('does not repeat a module that the signature names itself', () => {
		const found = passagesOf(
			'.. currentmodule:: asyncio\n\n.. function:: asyncio.gather(*aws)\n\n   Runs.',
			format
		);
		expect(found[0]).toMatchObject({ heading_path: ['asyncio.gather'], anchor: 'asyncio.gather' });
	});

	it('names members by their class', () => {
		expect(under(passages, 'lantern.Server.close')).toMatchObject({
			anchor: 'lantern.Server.close',
			heading_path: [title, 'Functions', 'lantern.Server', 'lantern.Server.close']
		});
	});

	it('keeps several signatures of one object together, and an object without content', () => {
		expect(under(passages, 'lantern.serve, lantern.serve_forever').text).toMatch(
			/^`lantern\.serve\(port=8000, \*, host='localhost'\)`\n`lantern\.serve_forever\(\)`/
		);
		expect(under(passages, 'lantern.LanternError').text).toBe('`exception lantern.LanternError`');
	});

	it('returns to the section after an object', () => {
		const after = passages.find((passage) => passage.text.startsWith('Text after'));
		expect(after).toMatchObject({ heading_path: [title, 'Functions'], anchor: 'lantern-functions' });
	});

	it('reads the objects of other domains', () => {
		const source = [
			'.. c:function:: PyObject* PyObject_Call(PyObject *callable, PyObject *args)\n\n   Calls.',
			'.. c:member:: const char *PyTypeObject.tp_name\n\n   Name.',
			'.. program:: python\n\n.. option:: -m <module-name>\n\n   Runs a module.',
			'.. envvar:: PYTHONHOME\n\n   Where it lives.'
		].join('\n\n');
		expect(
			passagesOf(source, format).map(({ heading_path, anchor }) => [heading_path.at(-1), anchor])
		).toEqual([
			['PyObject_Call', 'c.PyObject_Call'],
			['PyTypeObject.tp_name', 'c.PyTypeObject.tp_name'],
			['-m <module-name>', 'cmdoption-python-m'],
			['PYTHONHOME', 'envvar-PYTHONHOME']
		]);
	});

	it('writes versions, notes and code so that they read well', () => {
		const serve = under(passages, 'lantern.serve, lantern.serve_forever').text;
		expect(serve).toContain('Added in version 3.2.');
		expect(serve).toContain('Changed in version 3.9: The *host* parameter.');
		expect(serve).toContain('**Note:** It blocks.');
		expect(text).toContain('For example:\n\n```python\n>>> import lantern\n>>> lantern.serve()\n```');
	});

	it('turns roles, links, substitutions and footnotes into plain Markdown', () => {
		expect(text).toContain(
			'See `serve` and `lantern.Server`, PEP 3333, [the site](https://example.com/) or the Lantern project [1].'
		);
		expect(text).toContain('[1] A footnote.');
		expect(
			markdown('A :term:`x <y>`, :ref:`t <l>`, :file:`/a/{b}`, ``a  b``, \\*args, re\\ Structured, `odd`.')
		).toBe('A x, t, `/a/b`, `a b`, *args, reStructured, odd.');
	});

	it('drops what is not for readers', () => {
		expect(text).not.toMatch(
			/\.\. |::|:mod:|toctree|maxdepth|nobody reads|single: server|ada@example|synopsis|_lantern/
		);
	});

	it('writes tables of every kind', () => {
		const tables = under(passages, 'Tables').text;
		expect(tables).toContain(
			'| Name | Meaning |\n| --- | --- |\n| `on` | It burns |\n| `off` | It does not burn |'
		);
		expect(tables).toContain('| Key | Value |\n| --- | --- |\n| colour | yellow |');
		expect(tables).toContain('| Left | Right |\n| --- | --- |\n| one | two |');
		expect(markdown('.. csv-table::\n   :header: "a", b\n\n   "1, 2", 3')).toBe(
			'| a | b |\n| --- | --- |\n| 1, 2 | 3 |'
		);
	});

	it('writes lists and definitions', () => {
		expect(text).toContain('**term**: What a term is.');
		expect(text).toContain('1. First\n\n2. Second\n\n   - nested');
	});

	it('makes a heading of every term of a glossary', () => {
		const found = passagesOf(
			'.. glossary::\n\n   wick\n   thread\n      It burns.\n\n   oil\n      Feeds the wick.',
			format
		);
		expect(found.map(({ heading_path, anchor, text }) => [heading_path.at(-1), anchor, text])).toEqual([
			['wick, thread', 'term-wick', 'It burns.'],
			['oil', 'term-oil', 'Feeds the wick.']
		]);
	});

	it('nests sections by their adornment in order of appearance, and numbers repeated ids', () => {
		const source =
			'====\nBook\n====\n\nPart\n----\n\na\n\nSame\n~~~~\n\nb\n\nPart 2\n------\n\nSame\n~~~~\n\nc';
		expect(
			passagesOf(source, format).map(({ heading_path, anchor }) => [heading_path.join('/'), anchor])
		).toEqual([
			['Book/Part', 'part'],
			['Book/Part/Same', 'same'],
			['Book/Part 2/Same', 'id1']
		]);
	});

	it('keeps the content of directives it does not know', () => {
		expect(markdown('.. lamp:: Bright\n   :colour: red\n\n   Shines on.')).toBe('Bright\n\nShines on.');
	});

	it('joins the lines of a paragraph and keeps literal text as it is', () => {
		expect(markdown('One\ntwo.\n\n::\n\n   *raw*  ``text``\n     deeper\n\nAfter.')).toBe(
			'One two.\n\n```\n*raw*  ``text``\n  deeper\n```\n\nAfter.'
		);
	});

	it('uses the language that highlight sets', () => {
		expect(markdown('.. highlight:: c\n\nCode::\n\n   int x;')).toBe('Code:\n\n```c\nint x;\n```');
	});

	it('never throws', () => {
		for (const odd of [
			'',
			'..',
			'.. ',
			'::',
			'=',
			'====',
			'====\n',
			'+--+',
			'|',
			':',
			'* ',
			'.. [',
			'.. |',
			'.. _',
			'`',
			'``',
			':a:`',
			'.. list-table::',
			'.. glossary::',
			'.. function::',
			'===  ===',
			'  indented\n*'
		]) {
			expect(() => parseDocument(odd, format), JSON.stringify(odd)).not.toThrow();
		}
	});
});

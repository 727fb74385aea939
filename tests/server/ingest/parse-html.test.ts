import { describe, expect, it } from 'vitest';
import { passagesOf, passagesOfFixture, textOf, under } from './passages.ts';

describe('HTML', () => {
	const passages = passagesOfFixture('page.html', 'html');
	const text = textOf(passages);

	it('reads the main content only', () => {
		expect(text).toContain('Words of the page with a [link](https://example.com/x) and `code()`.');
		expect(text).not.toMatch(/Home of the site|Copyright|never shown|color: red|¶/);
	});

	it('takes the title from the main heading, else from the page', () => {
		expect(passages[0]).toMatchObject({
			title: 'Lantern page',
			heading_path: ['Lantern page'],
			anchor: 'lantern-page'
		});
		expect(passagesOf('<title>Only\n title</title><p>Words.</p>', 'html')[0]?.title).toBe('Only title');
	});

	it('takes anchors from ids of headings and sections', () => {
		expect(under(passages, 'Details')).toMatchObject({ anchor: 'details', text: '```python\nx = 1\n```' });
		expect(passagesOf('<h2 id="Own.Id">Own</h2><p>Words.</p>', 'html')[0]?.anchor).toBe('Own.Id');
	});

	it('makes a heading of a described object', () => {
		expect(under(passages, 'lantern.serve(port)')).toMatchObject({
			anchor: 'lantern.serve',
			text: 'Serves pages.'
		});
	});

	it('reads the only article when there is no main, else the body', () => {
		expect(textOf(passagesOf('<p>Around.</p><article><p>Inside.</p></article>', 'html'))).toBe('Inside.');
		expect(textOf(passagesOf('<p>One.</p><p>Two.', 'html'))).toBe('One.\n\nTwo.');
	});
});

describe('plain text', () => {
	it('takes a short first line as the title', () => {
		expect(passagesOfFixture('notes.txt', 'text')[0]?.title).toBe('Notes about lanterns');
		expect(passagesOf('A sentence, as it is.\n\nMore.', 'text')[0]?.title).toBe('page');
	});
});

import { expect, it } from 'vitest';
import { documentUrl } from '#lib/server/ingest/document-url.ts';

it.each([
	['library/asyncio.rst', 'https://docs.example.com/3/', 'https://docs.example.com/3/library/asyncio.html'],
	['tutorial/first-steps.md', 'https://docs.example.com', 'https://docs.example.com/tutorial/first-steps/'],
	['tutorial/index.md', 'https://docs.example.com', 'https://docs.example.com/tutorial/'],
	['index.md', 'https://docs.example.com', 'https://docs.example.com/'],
	['oss/agents.mdx', 'https://docs.example.com', 'https://docs.example.com/oss/agents'],
	['a page.html', 'https://docs.example.com', 'https://docs.example.com/a%20page.html'],
	['docs/a.md', 'https://github.com/o/r/blob/main', 'https://github.com/o/r/blob/main/docs/a.md'],
	['docs/a.md', 'https://example.com/v2/{path}.htm', 'https://example.com/v2/docs/a.htm']
])('%s at %s is %s', (document, base, url) => {
	expect(documentUrl(document, base)).toBe(url);
});

it('is null without a base', () => {
	expect(documentUrl('a.md', null)).toBe(null);
});

import fc from 'fast-check';

const pieces = fc.constantFrom(
	...['a', 'word ', 'über', '東京', '\n', '\n\n', '  ', '\t', '    ', '\\', '\r\n', '\u0000', '\u202e'],
	...[
		'# ',
		'## ',
		'- ',
		'* ',
		'1. ',
		'> ',
		'---\n',
		'===\n',
		'- [ ] ',
		'```',
		'```python\n',
		'~~~',
		'\n```\n'
	],
	...['*', '**', '_', '__', '~~', '`', '``', '[', ']', '(', ')', '![', '](', '[1]', '[2, 3]', '[4]', '[^1]'],
	...['[1]: https://a.example\n', '[^1]: note\n', '<', '>', '<b>', '<script>', '<!--', '-->', '"', "'", '='],
	...[
		'javascript:',
		'https://a.example',
		'onerror=',
		'&#106;',
		'&colon;',
		'| a | b |\n|---|---|\n',
		'|',
		':'
	],
	...['<br>', 'def f():\n', '"x"', '<img src=x onerror=a>', '</code></pre>']
);

/** Texts made of what Markdown and HTML are made of, in any order, and of anything else. */
export const markdownText = fc
	.array(fc.oneof({ weight: 8, arbitrary: pieces }, fc.string({ unit: 'grapheme', maxLength: 8 })), {
		maxLength: 40
	})
	.map((parts) => parts.join(''));

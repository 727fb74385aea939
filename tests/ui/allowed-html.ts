/**
 * For each element that rendered Markdown may hold, by the names of HTML: its attributes, and the values that they may
 * have as sources of regular expressions. Plain data, so that it can be sent into a page.
 */
export const ALLOWED_HTML: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	...Object.fromEntries(
		['p', 'br', 'hr', 'h3', 'h4', 'h5', 'h6', 'strong', 'em', 'del', 'blockquote', 'ul', 'li']
			.concat('table', 'thead', 'tbody', 'tr')
			.map((name) => [name, {}])
	),
	ol: { start: '^\\d+$' },
	th: { align: '^(?:left|center|right)$' },
	td: { align: '^(?:left|center|right)$' },
	a: {
		href: '^https?://[^\\s<>]+$',
		title: '^https?://[^\\s<>]+$',
		target: '^_blank$',
		rel: '^noopener noreferrer nofollow$'
	},
	pre: { role: '^group$', 'aria-label': '^Code(?:, [\\w+#.-]{1,30})?$', tabindex: '^0$' },
	code: { class: '^language-[\\w+#.-]{1,30}$' },
	span: {
		class: '^(?:caret|cited-words|unlinked|address|hljs-[\\w-]+(?: \\w+_)*)$',
		'aria-hidden': '^true$'
	},
	mark: { class: '^(?:weak|none|supporting)$', title: '^[^<>]+$' },
	div: { class: '^table$', role: '^group$', 'aria-label': '^Table$', tabindex: '^0$' },
	button: {
		type: '^button$',
		class: '^citation$',
		'data-citation': '^\\d{1,3}$',
		'data-at': '^\\d{1,9}$',
		'aria-label': '^Source \\d{1,3}: ',
		'aria-haspopup': '^dialog$'
	}
};

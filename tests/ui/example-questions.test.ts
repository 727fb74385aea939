import { describe, expect, test } from 'vitest';
import type { SearchResult } from '#lib/contract/search.ts';
import { questionsFrom } from '#lib/ui/chat/example-questions.ts';

/** A found passage with this page title and these headings. */
const found = (title: string, ...heading_path: string[]) =>
	({ title, heading_path, library: 'orchard', document: `${title}.md` }) as SearchResult;

describe('Example questions', () => {
	test.each([
		['a task', found('Trees', 'Tasks', 'Prune', 'Create a hedge'), 'How do I create a hedge?'],
		['how to do something', found('Trees', 'How to graft'), 'How do I graft?'],
		['a question', found('Trees', 'Why do leaves fall?'), 'Why do leaves fall?'],
		['a numbered step', found('Trees', '2. Install a pump'), 'How do I install a pump?'],
		['a page by its title', found('Pear trees', '{{ code }}'), 'What should I know about Pear trees?']
	])('come from %s', (_name, result, question) => {
		expect(questionsFrom([result])).toEqual([question]);
	});

	test.each(['Introduction', 'README', 'Getting Started', 'API', '`<x>`', 'x'.repeat(61)])(
		'are not made from a title that says nothing: %s',
		(title) => {
			expect(questionsFrom([found(title)])).toEqual([]);
		}
	);

	test('are at most three, from different pages, and none twice', () => {
		const pages = ['Trees', 'Herbs', 'Roots', 'Fruit'].map((title) => found(title, 'Parts'));
		expect(
			questionsFrom([pages[0]!, ...pages, found('Bees', 'Add a hive'), found('Wasps', 'Add a hive')])
		).toEqual(['How do I add a hive?', 'What should I know about Trees?', 'What should I know about Herbs?']);
	});
});

import { expect, it } from 'vitest';
import { checkQuestions } from '#lib/server/evaluation/check-questions.ts';
import { evalQuestionSchema } from '#lib/server/evaluation/question.ts';
import { Corpus } from '#lib/server/search/corpus.ts';
import { passage } from '../../fixtures/passages.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const question = (fields: object) => evalQuestionSchema.parse({ question: 'How?', ...fields });
const facts = (...places: [document: string, text: string][]) => [
	{ fact: 'fact', essential: false, snippets: places.map(([document, text]) => ({ document, text })) }
];

async function problemsOf(...questions: ReturnType<typeof question>[]): Promise<string[]> {
	await using folder = await tempFolder();
	const corpus = new Corpus(folder.path);
	try {
		const chunk = (library: string, document: string, text: string) =>
			passage({ library, document, text, title: 'Door', heading_path: [] });
		const stored = (library: string, document: string, ...texts: string[]) => ({
			library,
			document,
			hash: '',
			source: '',
			chunks: texts.map((text) => chunk(library, document, text))
		});
		corpus.replace([
			stored('house', 'door.md', 'Turn the brass', '**key** twice.'),
			stored('garden', 'roses.md', 'Water the roses.')
		]);
		return checkQuestions(questions, corpus);
	} finally {
		corpus.close();
	}
}

it('has nothing to say about what is in the index, also where it was cut', async () => {
	expect(
		await problemsOf(
			question({
				library: 'house',
				relevant: ['door.md'],
				facts: facts(['door.md', 'the brass key, twice'], ['door.md', 'Door: turn'])
			}),
			question({ relevant: ['roses.md'], facts: facts(['roses.md', 'WATER the roses']) })
		)
	).toEqual([]);
});

it('names everything that is not, once, in the order of the questions', async () => {
	expect(
		await problemsOf(
			question({
				id: 'q1',
				library: 'house',
				relevant: ['door.md', 'roses.md', 'gone.md'],
				facts: facts(['door.md', 'the iron key'], ['gone.md', 'anything'], ['gone.md', 'more'])
			}),
			question({ relevant: ['lost.md'], facts: facts(['roses.md', 'Prune the roses']) }),
			question({ id: 'q3', library: 'cellar', relevant: ['wine.md'] }),
			question({ id: 'q4', library: 'cellar', relevant: ['coal.md'] })
		)
	).toEqual([
		'q1: the document roses.md is not in the library house.',
		'q1: the document gone.md is not in the library house.',
		'q1: door.md does not hold the text "the iron key".',
		'"How?": the document lost.md is not in any library.',
		'"How?": roses.md does not hold the text "Prune the roses".',
		'The library cellar is not in the index.'
	]);
});

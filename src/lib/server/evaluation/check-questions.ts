import type { Corpus } from '#lib/server/search/corpus.ts';
import { GivenText, normalSnippet } from './facts.ts';
import { NormalPassages } from './normal-form.ts';
import type { EvalQuestion } from './question.ts';

/**
 * What questions name and the index does not hold: a library, a document, or the text of a snippet in its document. A label that cannot be
 * found would lower every figure in silence.
 * @returns one sentence a problem, in the order of the questions
 */
export function checkQuestions(
	questions: readonly EvalQuestion[],
	corpus: Pick<Corpus, 'passagesOf' | 'libraries'>
): string[] {
	const libraries = corpus.libraries().map(({ name }) => name);
	const normal = new NormalPassages();
	const documents = new Map<string, GivenText>();
	const textOf = (library: string | undefined, document: string) => {
		const key = JSON.stringify([library ?? null, document]);
		let text = documents.get(key);
		if (!text) {
			const searched = library === undefined ? libraries : [library];
			const passages = searched.flatMap((name) => corpus.passagesOf(name, document));
			text = new GivenText(passages, library, normal);
			documents.set(key, text);
		}
		return text;
	};

	const problems = new Set<string>();
	for (const question of questions) {
		const { library, relevant, facts } = question;
		if (library !== undefined && !libraries.includes(library)) {
			problems.add(`The library ${library} is not in the index.`);
			continue;
		}
		const name = question.id ?? `"${question.question}"`;
		const place = library === undefined ? 'any library' : `the library ${library}`;
		const snippets = facts.flatMap((fact) => fact.snippets);
		const named = new Set([...relevant, ...snippets.map(({ document }) => document)]);
		for (const document of named) {
			if (!textOf(library, document).has(document)) {
				problems.add(`${name}: the document ${document} is not in ${place}.`);
			}
		}
		for (const snippet of snippets) {
			const { document, text } = snippet;
			const found = textOf(library, document);
			if (found.has(document) && !found.holds(normalSnippet(snippet))) {
				problems.add(`${name}: ${document} does not hold the text "${text}".`);
			}
		}
	}
	return [...problems];
}

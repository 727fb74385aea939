import type { SearchResult } from '#lib/contract/search.ts';
import type { CitelightClient } from '#lib/client/index.ts';

/** Finds the pages that a newcomer would look at first. */
const PROBE = 'how to get started: first steps, usage, configuration, example';

/** A few questions that the indexed pages really answer, because they are made from their headings; may be none. */
export async function exampleQuestions(client: CitelightClient, library: string | null): Promise<string[]> {
	try {
		const { results } = await client.search({ question: PROBE, library, limit: 30 });
		return questionsFrom(results);
	} catch {
		// They are an extra: the page works without.
		return [];
	}
}

/** At most three, each from another page. */
export function questionsFrom(results: readonly SearchResult[]): string[] {
	const byDocument = new Map<string, string>();
	for (const result of results) {
		const heading = result.heading_path.at(-1) ?? result.title;
		const page = `${result.library}\n${result.document}`;
		const question = asQuestion(heading, result.title);
		if (question && !byDocument.has(page) && ![...byDocument.values()].includes(question)) {
			byDocument.set(page, question);
		}
	}
	return [...byDocument.values()].slice(0, 3);
}

function asQuestion(heading: string, title: string): string | null {
	const plain = heading.replaceAll(/[`*_]/g, '').trim();
	if (plain.length < 4 || plain.length > 60 || !/^[\p{L}\d .,'’()/?+#@-]+$/u.test(plain)) return null;
	if (plain.endsWith('?')) return plain;
	const howTo = /^how to (.+)/i.exec(plain)?.[1];
	if (howTo) return `How do I ${howTo}?`;
	return plain === title || title === ''
		? `What is there to know about ${plain}?`
		: `What does ${title.replaceAll(/[`*_]/g, '')} say about “${plain}”?`;
}

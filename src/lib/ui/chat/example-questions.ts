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

/** Headings that begin with one of these are what somebody wants to do. */
const DOING =
	/^(?:add|build|call|change|check|configure|connect|create|customi[sz]e|declare|define|deploy|disable|enable|fetch|find|get|handle|import|include|install|load|make|manage|migrate|override|parse|pass|protect|query|raise|read|render|return|run|save|send|serve|set|start|stop|store|stream|test|update|upgrade|upload|use|validate|write)\s+\S/i;

/** At most three, each from another page: first what is asked as it stands, then pages by their title. */
export function questionsFrom(results: readonly SearchResult[]): string[] {
	const questions = new Map<string, string>();
	const take = (page: string, question: string | null) => {
		const isNew = !questions.has(page) && ![...questions.values()].includes(question ?? '');
		if (question && isNew && questions.size < 3) questions.set(page, question);
	};
	const page = ({ library, document }: SearchResult) => `${library}\n${document}`;
	for (const result of results) take(page(result), fromHeading(result.heading_path.at(-1) ?? result.title));
	for (const result of results) take(page(result), fromTitle(result.title));
	return [...questions.values()];
}

function fromHeading(heading: string): string | null {
	const plain = readable(heading)?.replace(/^(?:step )?\d+[.:)]?\s+/i, '');
	if (!plain) return null;
	if (plain.endsWith('?')) return plain;
	const task = /^how to (.+)/i.exec(plain)?.[1] ?? (DOING.test(plain) ? plain : null);
	return task ? `How do I ${task.charAt(0).toLowerCase()}${task.slice(1)}?` : null;
}

/** Titles that say nothing about what the page is about. */
const SAYING_NOTHING =
	/^(?:about|api|contents|docs|documentation|faq|getting started|guides?|home|index|introduction|overview|quick ?start|readme|reference|table of contents|tutorials?|usage|welcome)$/i;

function fromTitle(title: string): string | null {
	const plain = readable(title);
	return plain && !SAYING_NOTHING.test(plain) ? `What should I know about ${plain}?` : null;
}

/** A heading in plain words; null for code, fragments and what is too long for a line. */
function readable(heading: string): string | null {
	const plain = heading.replaceAll(/[`*]/g, '').trim();
	return plain.length >= 4 && plain.length <= 60 && /^[\p{L}\d .,'’()/?:+#@_-]+$/u.test(plain) ? plain : null;
}

import type { GivenSource, QuestionResult } from '#lib/server/evaluation/evaluate.ts';
import { formatPlural } from '#lib/ui/format/index.ts';
import { shorten, writeLine } from '../terminal.ts';
import { SCOPE_TITLES } from './report-text.ts';

/** Prints the questions with essential facts that were missed at default settings, and what was given instead. */
export function writeFailures(results: readonly QuestionResult[]): void {
	writeMissed(
		SCOPE_TITLES.within_library,
		results.filter(({ scope }) => scope === 'library')
	);
	writeMissed(
		SCOPE_TITLES.over_all_libraries,
		results.filter(({ scope }) => scope === 'all')
	);
}

function writeMissed(title: string, results: readonly QuestionResult[]): void {
	if (results.length === 0) return;
	const failures = results.filter(({ missed }) => missed.length > 0);
	writeLine(`${title}: ${formatPlural(failures.length, 'question')} with essential facts missed`);
	writeLine();
	for (const { id, library, question, refused, missed, sources } of failures) {
		const name = [id, library].filter((part) => part !== null).join(', ');
		writeLine(`${name && `${name}: `}${shorten(question, 200)}${refused ? ' (refused)' : ''}`);
		for (const { fact, rank } of missed) {
			writeLine(`  missed  ${shorten(fact, 200)} (${rank === null ? 'not found' : `found at rank ${rank}`})`);
		}
		for (const source of sources) writeLine(`  given   ${placeOf(source)}`);
		writeLine();
	}
}

function placeOf({ library, document, title, heading_path }: GivenSource): string {
	const headings = [title, ...heading_path].filter((part, at, all) => part && part !== all[at - 1]);
	return `${library}/${document}: ${headings.join(' › ')}`;
}

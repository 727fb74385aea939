import { AppError } from '#lib/server/error.ts';

/** Names in a message beyond this many are only counted. */
const NAMED = 20;

/**
 * Checks that a question can be looked up at all; to be called before anything is started.
 * @param library the filter; null or undefined for all.
 * @param known libraries that have passages.
 * @throws AppError `index_not_ready` when nothing is indexed, `unknown_library` naming the known ones.
 */
export function requireLibrary(library: string | null | undefined, known: readonly string[]): void {
	if (known.length === 0) {
		throw new AppError(
			'index_not_ready',
			'Nothing is indexed yet. Run "citelight ingest <path> --library <name>", then ask again.',
			{ retryAfterSeconds: 10 }
		);
	}
	if (library === null || library === undefined || known.includes(library)) return;
	const named = known.slice(0, NAMED).join(', ');
	const more = known.length > NAMED ? ` and ${known.length - NAMED} more` : '';
	throw new AppError(
		'unknown_library',
		`There is no library "${library}". Use one of: ${named}${more}; or leave "library" out to ask all of them.`
	);
}

import { styleText } from 'node:util';

/**
 * Text for a terminal: without the control characters by which a document or a model could move the cursor, change the
 * title or reorder what is read (escape sequences, bidirectional overrides).
 */
export function printable(text: string): string {
	return text.replaceAll('\u00a0', ' ').replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}|\ufeff/gu, '');
}

/** Writes to stdout without a line break. */
export function write(text: string): void {
	process.stdout.write(printable(text));
}

/** Writes one or more whole lines to stdout. */
export function writeLine(text = ''): void {
	process.stdout.write(`${printable(text)}\n`);
}

/** Writes one line to stdout, in a style where that is a terminal which shows colours. */
export function writeStyled(style: 'bold' | 'cyan' | 'dim', text: string): void {
	process.stdout.write(`${styleText(style, printable(text))}\n`);
}

/** Writes one line to stderr: progress and remarks, so that stdout stays the answer. */
export function remark(text: string): void {
	process.stderr.write(`${printable(text)}\n`);
}

export function writeJson(value: unknown): void {
	process.stdout.write(`${JSON.stringify(value, null, '\t')}\n`);
}

/** A number with or without its unit, or the dash of one that is unknown. */
const FIGURE = /^([<>$−]*[\d,.]+[KMB]?(\s(ms|s|min|h|%).*)?|–)$/;

/** A table with a head; columns whose cells are all figures are aligned to the right. */
export function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
	const lines = [head, ...rows].map((row) => row.map((cell) => printable(cell).replace(/\s+/g, ' ')));
	const widths = head.map((_, column) => Math.max(...lines.map((row) => (row[column] ?? '').length)));
	const isFigures = head.map((_, column) => rows.every((row) => FIGURE.test(row[column] ?? '')));
	for (const row of lines) {
		const cells = row.map((cell, column) =>
			isFigures[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
		);
		process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
	}
}

/** Text of at most so many characters, with a mark where it was cut. */
export function shorten(text: string, length: number): string {
	const line = text.replace(/\s+/g, ' ').trim();
	return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** A reader that closes early, such as `head`, is not a failure. */
export function tolerateClosedPipe(): void {
	process.stdout.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') process.exit(0);
		throw error;
	});
}

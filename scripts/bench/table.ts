/** A measured part of the benchmark as people read it. */
export interface Table {
	title: string;
	columns: readonly string[];
	rows: readonly (readonly string[])[];
	/** What one must know to read it. */
	notes?: readonly string[];
}

/** A table with aligned columns, the first to the left, as Markdown. */
export function formatTable({ title, columns, rows, notes = [] }: Table): string {
	const widths = columns.map((column, at) =>
		Math.max(column.length, ...rows.map((row) => (row[at] ?? '').length))
	);
	const line = (cells: readonly string[]) =>
		`| ${widths.map((width, at) => (at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width))).join(' | ')} |`;
	const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
	const remarks = notes.map((note) => `${note}\n`).join('');
	return `## ${title}\n\n${[line(columns), rule, ...rows.map(line)].join('\n')}\n${remarks && `\n${remarks}`}`;
}

/** Three significant digits, and whole numbers with separators: `0.291 ms`, `1,328 ms`, `12.3 s`. */
export function formatMilliseconds(milliseconds: number): string {
	if (milliseconds >= 9999.5) return `${significant(milliseconds / 1000)} s`;
	return `${significant(milliseconds)} ms`;
}

/** How many times something is of ours: `12.3×`. */
export function formatRatio(ratio: number): string {
	return `${significant(ratio)}×`;
}

const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function significant(value: number): string {
	return value >= 100 ? whole.format(value) : number.format(value);
}

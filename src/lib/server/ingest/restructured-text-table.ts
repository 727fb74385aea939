/** A table of reStructuredText as rows of cell sources; the first `headerRows` rows are its head. */
export interface CellTable {
	rows: string[][];
	headerRows: number;
}

/** GitHub's pipe table. @param inline turns the source of a cell into Markdown. */
export function pipeTable(table: CellTable, inline: (text: string) => string): string {
	const width = Math.max(0, ...table.rows.map((row) => row.length));
	const rows = table.rows
		.map((row) =>
			Array.from({ length: width }, (_, column) => inline((row[column] ?? '').trim()).replace(/\s+/g, ' '))
		)
		.filter((row) => row.some(Boolean))
		.map((row) => `| ${row.map((cell) => cell.replace(/(?<!\\)\|/g, '\\|')).join(' | ')} |`);
	if (rows.length === 0) return '';
	// A pipe table must have a head; where the source has none, its first row serves.
	rows.splice(1, 0, `| ${Array.from({ length: width }, () => '---').join(' | ')} |`);
	return rows.join('\n');
}

/** Rows between borders of `=`, columns where the border has gaps. */
export function parseSimpleTable(lines: readonly string[]): CellTable {
	const border = lines[0] ?? '';
	const starts = Array.from(border.matchAll(/=+/g), (match) => match.index);
	const cells = (line: string) => starts.map((start, index) => line.slice(start, starts[index + 1]).trim());
	const rows: string[][] = [];
	let headerRows = 0;
	let isNew = true;
	for (const line of lines.slice(1)) {
		if (/^=[= ]*$/.test(line)) {
			if (headerRows === 0 && line !== lines.at(-1)) headerRows = rows.length;
			isNew = true;
		} else if (line.trim() === '' || /^-[- ]*$/.test(line)) {
			isNew = true;
		} else {
			const row = cells(line);
			const last = rows.at(-1);
			// Text only in later columns goes on with the row above.
			if (last && (row[0] === '' || (starts.length === 1 && !isNew))) {
				row.forEach((cell, column) => (last[column] = `${last[column] ?? ''} ${cell}`.trim()));
			} else {
				rows.push(row);
			}
			isNew = false;
		}
	}
	return { rows, headerRows };
}

/** Boxes of `+---+` and `|`; a cell over several columns counts as the first of them. */
export function parseGridTable(lines: readonly string[]): CellTable {
	const edges = new Set<number>();
	for (const line of lines) {
		if (/^\+[-=+]+\+\s*$/.test(line)) for (const match of line.matchAll(/\+/g)) edges.add(match.index);
	}
	const columns = [...edges].sort((left, right) => left - right);
	const rows: string[][] = [];
	let headerRows = 0;
	let open: string[] | null = null;
	for (const line of lines) {
		if (/^\+[-=+]+\+\s*$/.test(line)) {
			if (open) rows.push(open);
			if (line.startsWith('+=')) headerRows = rows.length;
			open = null;
			continue;
		}
		const row: string[] = (open ??= columns.slice(1).map(() => ''));
		let start = columns[0] ?? 0;
		let column = 0;
		columns.slice(1).forEach((edge, index) => {
			if (line[edge] !== '|' && line[edge] !== '+') return;
			const text = line.slice(start + 1, edge).trim();
			if (!/^[-=]*$/.test(text)) row[column] = `${row[column] ?? ''} ${text}`.trim();
			start = edge;
			column = index + 1;
		});
	}
	if (open) rows.push(open);
	return { rows, headerRows };
}

/** `list-table`: a bullet list of rows, each a bullet list of cells. */
export function parseListTable(lines: readonly string[], headerRows: number): CellTable {
	const rows: string[][] = [];
	for (const line of lines) {
		const start = /^(\s*)\*\s+-\s?(.*)$/.exec(line);
		const cell = /^\s+-(?:\s(.*))?$/.exec(line);
		const last = rows.at(-1);
		if (start) rows.push([start[2] ?? '']);
		else if (cell && last) last.push(cell[1] ?? '');
		else if (last && last.length > 0) last[last.length - 1] = `${last.at(-1)} ${line.trim()}`.trim();
	}
	return { rows, headerRows };
}

/** `csv-table` with double quotes; quotes are doubled inside. */
export function parseCsvTable(lines: readonly string[], header: string | undefined): CellTable {
	const parseLine = (line: string) =>
		Array.from(line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g), (match) =>
			(match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim()
		).slice(0, -1);
	const rows = lines.filter((line) => line.trim()).map((line) => parseLine(line + ','));
	return header ? { rows: [parseLine(header + ','), ...rows], headerRows: 1 } : { rows, headerRows: 0 };
}

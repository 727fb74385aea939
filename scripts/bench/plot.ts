import type { SearchFigures, SearchSection } from './search.ts';
import { formatMilliseconds } from './table.ts';

const WIDTH = 760;
const LABEL_WIDTH = 230;
const VALUE_WIDTH = 80;
const BAR = 14;
const ROW = 44;
const TOP = 64;
const BOTTOM = 30;

const SERIES = [
	{ key: 'over_all', name: 'all libraries', color: '#4f6bed' },
	{ key: 'within_library', name: 'within one library', color: '#93a5f5' }
] as const;

/** Median search times as bars on a logarithmic scale, as SVG that reads on light and dark pages. */
export function searchPlot({ engines }: SearchSection, passages: number): string {
	const medians = engines.flatMap((engine) => SERIES.flatMap(({ key }) => engine[key]?.p50_ms ?? []));
	const low = Math.floor(Math.log10(Math.min(...medians)));
	const high = Math.ceil(Math.log10(Math.max(...medians)));
	const span = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
	const x = (milliseconds: number) =>
		LABEL_WIDTH + ((Math.log10(milliseconds) - low) / Math.max(1, high - low)) * span;
	const height = TOP + engines.length * ROW + BOTTOM;

	const grid = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)).map(
		(tick) =>
			`<line x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="${TOP - 6}" y2="${height - BOTTOM}" class="grid"/>` +
			text(x(tick), height - BOTTOM + 16, formatMilliseconds(tick), 'middle')
	);
	const rows = engines.map((engine, at) => row(engine, TOP + at * ROW));
	function row(engine: SearchFigures, top: number): string {
		const bars = SERIES.map(({ key, color }, place) => {
			const latency = engine[key];
			if (!latency) return '';
			const y = top + 6 + place * (BAR + 2);
			const end = x(latency.p50_ms);
			const width = Math.max(1, end - LABEL_WIDTH).toFixed(1);
			return (
				`<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${color}"/>` +
				text(Math.max(end, LABEL_WIDTH) + 6, y + 11, formatMilliseconds(latency.p50_ms), 'start')
			);
		});
		return text(LABEL_WIDTH - 10, top + 26, engine.name, 'end') + bars.join('');
	}
	const legend = SERIES.map(
		({ name, color }, at) =>
			`<rect x="${LABEL_WIDTH + at * 130}" y="36" width="10" height="10" rx="2" fill="${color}"/>` +
			text(LABEL_WIDTH + at * 130 + 16, 45, name, 'start')
	);
	const title = `Full-text search, median of one question over ${passages.toLocaleString('en-US')} passages (logarithmic)`;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
		'<style>text{font:12px system-ui,sans-serif;fill:#1f2430}.grid{stroke:#8884;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#e6e8ef}}</style>',
		`<text x="10" y="20" style="font-size:14px;font-weight:600">${escape(title)}</text>`,
		...legend,
		...grid,
		...rows,
		'</svg>',
		''
	].join('\n');
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
	return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`;
}

function escape(content: string): string {
	return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

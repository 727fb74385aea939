import { formatCost, formatCount, formatDuration, formatScore } from '#lib/ui/format/index.ts';
import { showHidden } from '#lib/ui/markdown/visible-text.ts';
import { detailLabel } from './labels.ts';

/** A fact as it is shown. */
export interface DetailRow {
	key: string;
	label: string;
	text: string;
}

/** The details of a step as rows of text, in their own order. */
export function detailRows(details: Record<string, unknown>): DetailRow[] {
	return Object.entries(details).map(([key, value]) => ({
		key,
		label: detailLabel(key),
		text: showHidden(detailText(key, value))
	}));
}

function detailText(key: string, value: unknown): string {
	if (value === null || value === undefined) return 'unknown';
	if (typeof value === 'boolean') return value ? 'yes' : 'no';
	if (typeof value === 'string') return value;
	if (typeof value === 'number') {
		if (key.endsWith('_ms')) return formatDuration(value);
		if (key.endsWith('_usd')) return formatCost(value);
		return Number.isInteger(value) ? formatCount(value) : formatScore(value);
	}
	if (typeof value === 'object' && !Array.isArray(value)) {
		return Object.entries(value)
			.map(([name, each]) => `${name.replace(/^n_/, '').replaceAll('_', ' ')} ${detailText(name, each)}`)
			.join(', ');
	}
	const isList = Array.isArray(value) && value.some((each) => typeof each === 'object');
	return isList ? value.map((each) => detailText(key, each)).join(' · ') : JSON.stringify(value);
}

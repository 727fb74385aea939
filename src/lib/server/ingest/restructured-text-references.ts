import { inlineToText, type References } from './restructured-text-inline.ts';

const adornment = /^([!-/:-@[-`{-~])\1{2,}\s*$/;

/** Collects what inline markup may refer to, before it is rendered: substitutions, link targets and labelled sections. */
export function collectReferences(lines: readonly string[]): References {
	const substitutions = new Map<string, string>();
	const links = new Map<string, string>();
	const labels = new Map<string, string>();
	const references = { substitutions, links, labels };
	lines.forEach((line, index) => {
		const title = sectionTitle(lines, index, references);
		// A section can be referred to by its title, without a label.
		if (title && !labels.has(title.toLowerCase())) labels.set(title.toLowerCase(), title);
		if (!line.includes('.. ')) return;
		const substitution = /^\s*\.\. \|([^|]+)\| (replace|unicode)::\s*(.*)$/.exec(line);
		if (substitution) {
			const [, name = '', kind, value = ''] = substitution;
			substitutions.set(name, kind === 'unicode' ? unicodeText(value) : inlineToText(value, references));
			return;
		}
		const target = /^\s*\.\. _(`[^`]+`|(?:[^:\\]|\\.)+):\s*(.*)$/.exec(line);
		if (!target) return;
		const name = (target[1] ?? '').replace(/^`|`$/g, '').toLowerCase();
		const url = target[2]?.trim() || continuation(lines[index + 1]);
		if (url) links.set(name, url.replace(/\s+/g, ''));
		else labels.set(name, labelledTitle(lines, index + 1, references) ?? name.replace(/[-_]+/g, ' '));
	});
	return references;
}

/** A long URL may stand on the line below its name. */
function continuation(line: string | undefined): string {
	return /^\s+(https?:\S+)$/.exec(line ?? '')?.[1] ?? '';
}

function sectionTitle(lines: readonly string[], index: number, references: References): string | null {
	const line = lines[index] ?? '';
	if (!adornment.test(lines[index + 1] ?? '') || !/^\s?\S/.test(line) || adornment.test(line)) return null;
	return inlineToText(line.trim(), references);
}

function labelledTitle(lines: readonly string[], start: number, references: References): string | null {
	for (let index = start; index < Math.min(start + 8, lines.length - 1); index++) {
		const line = lines[index]?.trim() ?? '';
		if (!line || line.startsWith('.. _') || adornment.test(line)) continue;
		return adornment.test(lines[index + 1] ?? '') ? inlineToText(line, references) : null;
	}
	return null;
}

function unicodeText(value: string): string {
	return value
		.replace(/\s*\.\. .*$/, '')
		.replace(/(?:U\+|0x|\\u|\\x)([0-9a-fA-F]{2,6})\s*/g, (match, digits: string) => {
			const code = Number.parseInt(digits, 16);
			return code <= 0x10ffff ? String.fromCodePoint(code) : match;
		});
}

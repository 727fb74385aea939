import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { droppedAtSchema, stepNameSchema } from '#lib/contract/trace.ts';
import { describeSettings } from '#lib/server/config.ts';
import { RERANK_LIMIT } from '#lib/server/rag/rerank.ts';
import { phaseOf } from '#lib/ui/trace/phase.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const readme = read('README.md');
const manifest = JSON.parse(read('package.json')) as {
	scripts: Record<string, string>;
	dependencies: Record<string, string>;
};

describe('the README', () => {
	it('lists every setting with its default and its line of help', () => {
		const table = /<!-- settings -->([\s\S]*)<!-- \/settings -->/.exec(readme)?.[1] ?? '';
		const rows = [...table.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm)].map((row) => row.slice(1));
		expect(rows).toEqual(
			describeSettings().map(({ name, default: value, help }) => [name, value && `\`${value}\``, help])
		);
	});

	it('says of every dependency why it is here', () => {
		const table = readme.slice(readme.indexOf('### Dependencies'));
		for (const name of Object.keys(manifest.dependencies)) expect(table).toContain(`\`${name}\``);
	});

	it('has every step of a trace in the row of its phase', () => {
		const rows = readme.slice(readme.indexOf('| phase '), readme.indexOf('What is wrong before a stream'));
		for (const step of stepNameSchema.options) {
			const row = rows.split('\n').find((line) => line.includes(`\`${step}\``)) ?? '';
			expect(row, step).toMatch(new RegExp(`^\\| ${phaseOf(step)} `));
		}
	});

	it('has every reason why a passage is out, and how many are reranked', () => {
		for (const reason of droppedAtSchema.options)
			expect(readme).toMatch(new RegExp(`^\\| \`${reason}\` `, 'm'));
		expect(readme).toContain(`was not among the ${RERANK_LIMIT} best fused ones, which are reranked`);
	});

	it('names only scripts that exist', () => {
		const named = [...readme.matchAll(/npm run ([\w:-]*\w)/g)].map((match) => match[1]);
		expect(named.length).toBeGreaterThan(5);
		for (const script of named) expect(manifest.scripts).toHaveProperty([script ?? '']);
	});
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { METHODS, SIZES } from '#lib/server/evaluation/given.ts';
import { GIVEN_METRICS, METRICS } from '#lib/server/evaluation/metrics.ts';
import { evalQuestionSchema } from '#lib/server/evaluation/question.ts';
import { runCli } from '../fixtures/cli.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/evaluation.md'), 'utf8');

it('names every measure, size and method', () => {
	for (const name of [...GIVEN_METRICS, ...METRICS, ...SIZES, ...METHODS])
		expect(page).toContain(`\`${name}\``);
});

it('shows a question that is valid and is in the example', () => {
	const shown = evalQuestionSchema.parse(JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!));
	const example = readFileSync(join(root, 'docs/evaluation-example.jsonl'), 'utf8');
	expect(example).toContain(`"id":"${shown.id}","question":"${shown.question}"`);
});

it('has an example whose labels are in the documentation', async () => {
	await using folder = await tempFolder();
	const env = { DATA_DIR: folder.path };
	const ingested = await runCli(['ingest', 'docs', '--library', 'citelight-docs'], { cwd: root, env });
	expect(ingested.code, ingested.stderr).toBe(0);
	const args = ['eval', 'docs/evaluation-example.jsonl', '--min', 'page_hit=1'];
	const { code, stderr } = await runCli(args, { cwd: root, env });
	expect(code, stderr).toBe(0);
});

import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint({ cwd: new URL('../..', import.meta.url).pathname });

/** How often the import order is violated when a file at this place imports that. */
async function violations(place: string, imported: string): Promise<number> {
	const code = `import * as planted from '${imported}';\nexport default planted;\n`;
	const [result] = await eslint.lintText(code, { filePath: `src/lib/${place}/planted.ts` });
	return result?.messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').length ?? 0;
}

describe('the import order of the house', () => {
	it.each([
		['server/store', '#lib/server/run/registry.ts'],
		['server/privacy', '#lib/server/store/trace-store.ts'],
		['server/rag', '#lib/server/trpc/router.ts'],
		['server/rag', '#lib/server/evaluation/report.ts'],
		['server/evaluation', '#lib/server/run/registry.ts'],
		['server/model', '#lib/server/services.ts'],
		['server/model', '../error.ts'],
		['server/ingest', '@sveltejs/kit'],
		['server/run', '@trpc/server'],
		['contract', '#lib/server/error.ts'],
		['client', '#lib/server/rag/find.ts'],
		['ui/chat', '#lib/server/error.ts']
	])('%s must not import %s', async (place, imported) => {
		expect(await violations(place, imported)).toBe(1);
	});

	it.each([
		['server/run', '#lib/server/store/trace-store.ts'],
		['server/run', '#lib/server/privacy/redact.ts'],
		['server/evaluation', '#lib/server/rag/find.ts'],
		['server/trpc', '@trpc/server'],
		['client', '#lib/server/trpc/router.ts'],
		['ui/chat', '#lib/client/index.ts']
	])('%s may import %s', async (place, imported) => {
		expect(await violations(place, imported)).toBe(0);
	});
});

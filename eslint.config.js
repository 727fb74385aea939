import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * The rooms of src/lib/server in import order: a room may import only from rooms to its left
 * (and from contract/). The core, everything left of `trpc`, knows no web framework.
 */
const rooms = [
	'error',
	'breather',
	'config',
	'trace',
	'privacy',
	'store',
	'model',
	'search',
	'ingest',
	'rag',
	'evaluation',
	'run',
	'transport',
	'trpc',
	'services'
];
const frameworks = ['$app/*', '$env/*', '@sveltejs/*', '@trpc/*'];
/**
 * A pattern that begins with `#` would be a comment, as in .gitignore.
 * @param {string} name
 */
const room = (name) => [`\\#lib/server/${name}.ts`, `\\#lib/server/${name}/**`];
/** @param {string} name */
const filesOf = (name) => [`src/lib/server/${name}.ts`, `src/lib/server/${name}/**/*.ts`];

/**
 * One block a place: what it must not import, and why.
 * @param {string[]} files
 * @param {string[]} group
 * @param {string} message
 * @returns {import('eslint').Linter.Config}
 */
const forbid = (files, group, message) => ({
	files,
	rules: {
		'no-restricted-imports': [
			'error',
			{
				patterns: [
					{ group, message },
					{ group: ['../*'], message: 'Import other folders through #lib/.' }
				]
			}
		]
	}
});

const houseRules = [
	forbid(
		['src/lib/contract/**/*.ts'],
		['\\#lib/server/**', '\\#lib/client/**', 'node:*', ...frameworks],
		'contract/ is browser-safe shapes only.'
	),
	forbid(
		['src/lib/client/**/*.ts'],
		[
			'\\#lib/server/*',
			'!\\#lib/server/trpc',
			'\\#lib/server/trpc/*',
			'!\\#lib/server/trpc/router.ts',
			'$app/*',
			'@sveltejs/*'
		],
		'client/ may see the router type and contract/, nothing else of the server.'
	),
	forbid(
		[
			'src/lib/ui/**/*.{ts,svelte}',
			'src/routes/**/*.svelte',
			'src/routes/**/+page.ts',
			'src/routes/**/+layout.ts'
		],
		['\\#lib/server/**'],
		'Pages speak to the server through #lib/client/.'
	),
	...rooms.map((name, position) => {
		const later = rooms.slice(position + 1).flatMap(room);
		const isCore = position < rooms.indexOf('trpc');
		return forbid(
			filesOf(name),
			['\\#lib/client/**', '\\#cli/**', ...later, ...(isCore ? frameworks : ['$app/*', '@sveltejs/*'])],
			`${name} may import only from: contract, ${rooms.slice(0, position).join(', ') || '-'}.`
		);
	})
];

export default ts.config(
	{
		ignores: [
			'build/',
			'dist/',
			'.build-*/',
			'.dist-*/',
			'.svelte-kit/',
			'node_modules/',
			'data/',
			'tests/fixtures/docs/'
		]
	},
	js.configs.recommended,
	...ts.configs.recommended,
	...svelte.configs.recommended,
	...svelte.configs.prettier,
	{
		languageOptions: { globals: { ...globals.browser, ...globals.node } },
		rules: {
			'no-undef': 'off',
			'no-console': 'error',
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }]
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
		rules: { 'svelte/no-navigation-without-resolve': 'off' }
	},
	{ files: ['scripts/**', 'tests/**', 'src/cli/**'], rules: { 'no-console': 'off' } },
	...houseRules
);

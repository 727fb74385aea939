import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCitelightClient } from '#lib/client/index.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { runCli } from '../fixtures/cli.ts';
import { answer, gate, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

let project: TempFolder;
let model: ModelServer;
let app: App;

/** Somebody else's project: strict, with the module resolution of Node, checking the declarations of packages too. */
const tsconfig = {
	compilerOptions: {
		strict: true,
		exactOptionalPropertyTypes: true,
		noUncheckedIndexedAccess: true,
		module: 'nodenext',
		target: 'es2023',
		lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'],
		types: ['node'],
		skipLibCheck: false,
		noEmit: true
	}
};

const program = `
import { CitelightError, createCitelightClient, type AskEvent, type AskInput } from 'citelight';
import type { AppRouter, Trace } from 'citelight/client';

const client = createCitelightClient({ url: process.argv[2] ?? '' });
const input: AskInput = { question: 'How do I open the red door?', library: 'house', limit: 3 };
const run = client.ask(input);
for await (const event of run) {
	const seen: AskEvent = event;
	if (seen.type === 'token') process.stdout.write(seen.data);
	if (seen.type === 'error') throw new Error(seen.data.message);
}
const trace: Trace = await client.traces.get(await run.trace_id);
console.log(\`\\n\${trace.status} \${typeof (globalThis as { EventSource?: unknown }).EventSource}\`);
try {
	await client.askOnce({ question: '' });
} catch (error) {
	if (error instanceof CitelightError) console.log(error.code);
}
export type Router = AppRouter;
`;

beforeAll(async () => {
	project = await tempFolder({
		'package.json': JSON.stringify({ name: 'outside', private: true, type: 'module' }),
		'tsconfig.json': JSON.stringify(tsconfig),
		'program.ts': program,
		'docs/door.md': '# Doors\n\n## Opening\n\nTurn the brass key twice to open the red door.\n'
	});
	// The build is there already: npm test makes it first, and others use it now.
	await npm(root, 'pack', '--ignore-scripts', '--pack-destination', project.path);
	const archive = (await readdir(project.path)).find((name) => name.endsWith('.tgz'));
	await npm(project.path, 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${archive}`);
	for (const name of ['@types/node', 'undici-types']) {
		await mkdir(join(project.path, 'node_modules/@types'), { recursive: true });
		await symlink(join(root, 'node_modules', name), join(project.path, 'node_modules', name));
	}
	const script = join(project.path, 'node_modules/citelight/dist/cli.js');
	const dataDir = join(project.path, 'data');
	const indexed = await runCli(['ingest', 'docs', '--library', 'house'], {
		script,
		cwd: project.path,
		env: { DATA_DIR: dataDir }
	});
	expect(indexed.stderr).not.toContain('citelight:');
	model = await startModelServer();
	app = await startApp({
		command: [process.execPath, script],
		dataDir,
		env: { OPENAI_BASE_URL: model.url, CHAT_MODEL: 'test-model' }
	});
});

afterAll(async () => {
	await app?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
	await project?.[Symbol.asyncDispose]();
});

/** The npm that runs these tests, or the one in the PATH. */
function npm(cwd: string, ...args: string[]) {
	const cli = process.env.npm_execpath;
	return cli?.endsWith('.js') ? run(process.execPath, [cli, ...args], { cwd }) : run('npm', args, { cwd });
}

/** Output of the type checker in the outside project; empty when all is well. */
async function typeCheck(): Promise<string> {
	const tsc = join(root, 'node_modules/typescript/bin/tsc');
	return run(process.execPath, [tsc, '--project', '.'], { cwd: project.path }).then(
		({ stdout }) => stdout,
		(error: { stdout: string }) => error.stdout
	);
}

test('an outside project type-checks against the packed declarations', async () => {
	expect(await typeCheck()).toBe('');
});

const mistakes: readonly [expression: string, message: string][] = [
	["client.ask({ questoin: 'x' })", "'questoin' does not exist in type"],
	["client.ask({ question: 'x', limit: '5' })", "Type 'string' is not assignable to type 'number'"],
	['client.ask({ question: 5 })', "Type 'number' is not assignable to type 'string'"],
	['(await client.stats()).total_querys', "Property 'total_querys' does not exist"],
	["(await client.traces.get('x')).steps[0]?.duration", "Property 'duration' does not exist"],
	["client.feedback({ trace_id: 'x', rating: 'meh' })", `Type '"meh"' is not assignable`]
];

test('every wrong field is a compile error', async () => {
	const head =
		"import { createCitelightClient } from 'citelight/client'; const client = createCitelightClient({ url: '' });";
	const lines = mistakes.map(([expression], index) => `export const wrong${index} = ${expression};`);
	await project.write({ 'wrong.ts': [head, ...lines].join('\n') });
	try {
		const said = (await typeCheck()).split('\n').filter((line) => line.includes('error TS'));
		expect(said.map((line) => line.replace(/,.*/, ''))).toEqual(
			mistakes.map((_, index) => `wrong.ts(${index + 2}`)
		);
		for (const [index, [, message]] of mistakes.entries()) expect(said[index]).toContain(message);
	} finally {
		await project.remove('wrong.ts');
	}
});

test('its program streams the tokens under plain Node, which has no EventSource', async () => {
	const more = Promise.withResolvers<void>();
	model.queue(answer(['Turn', ' the', gate(more.promise), ' key [1].']));
	const child = spawn(process.execPath, ['program.ts', app.url], {
		cwd: project.path,
		stdio: ['ignore', 'pipe', 'inherit']
	});
	let output = '';
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
		output += chunk;
		// The model goes on only when the first tokens have been printed.
		if (output === 'Turn the') more.resolve();
	});
	const code = await new Promise((done) => child.once('close', done));
	expect({ code, output }).toEqual({
		code: 0,
		output: 'Turn the key [1].\nsuccess undefined\ninvalid_request\n'
	});
	expect(model.chatCalls.length).toBe(1);
});

test('the packed application serves its pages', async () => {
	const response = await fetch(`${app.url}/`);
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toContain('text/html');
	const [script] = /_app\/immutable\/[^"']+\.js/.exec(await response.text()) ?? [];
	expect((await fetch(`${app.url}/${script}`)).status).toBe(200);
});

test('start indexes the docs of the installed packages when nothing is indexed, and serves', async () => {
	await using home = await tempFolder({
		'package.json': JSON.stringify({ dependencies: { doors: '1.0.0', silent: '1.0.0' } }),
		'node_modules/doors/package.json': JSON.stringify({ name: 'doors', version: '1.0.0' }),
		'node_modules/doors/README.md': '# Doors\n\nTurn the brass key twice to open the red door.\n',
		'node_modules/silent/package.json': JSON.stringify({ name: 'silent', version: '1.0.0' })
	});
	const script = join(project.path, 'node_modules/citelight/dist/cli.js');
	const options = { command: [process.execPath, script], cwd: home.path, dataDir: join(home.path, 'data') };
	await using first = await startApp({ ...options, subcommand: 'start' });
	expect(first.logs()).toMatch(/^Indexed 1 passage of 1 package\.$/m);
	const client = createCitelightClient({ url: first.url });
	const { answer, sources } = await client.askOnce({ question: 'How do I open the red door?' });
	expect(sources).toMatchObject([{ library: 'doors', document: 'README.md' }]);
	expect(answer).toContain('Turn the brass key twice');
	expect(await first.stop()).toBe(0);

	await using second = await startApp({ ...options, subcommand: 'start' });
	expect(second.logs()).toBe(`Citelight is listening on ${second.url}\n`);
});

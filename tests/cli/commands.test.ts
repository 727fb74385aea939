import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askResponseSchema } from '#lib/contract/ask.ts';
import { librarySchema } from '#lib/contract/library.ts';
import { statsSchema } from '#lib/contract/stats.ts';
import { traceSummarySchema } from '#lib/contract/trace.ts';
import manifest from '../../package.json' with { type: 'json' };
import { runCli, type CliOptions } from '../fixtures/cli.ts';
import {
	answer,
	errorStatus,
	gate,
	letterVectors,
	startModelServer,
	type ModelServer
} from '../fixtures/model-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

let folder: TempFolder;
let model: ModelServer;

beforeAll(async () => {
	model = await startModelServer();
	folder = await tempFolder({
		'house/door.md': '# Doors\n\n## Opening\n\nTurn the brass key twice to open the red door.\n',
		'house/roof.md': '# Roof\n\nThe tiles of the roof are made of slate.\n',
		'garden/roses.md': '# Roses\n\nWater the roses every morning.\n'
	});
	await cli(['ingest', 'house', '--library', 'house', '--base-url', 'https://example.org/house/']);
	await cli(['ingest', 'garden', '--library', 'garden']);
});

afterAll(async () => {
	await folder?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
});

const cli = (args: readonly string[], options: CliOptions = {}) =>
	runCli(args, {
		cwd: folder.path,
		...options,
		env: { DATA_DIR: join(folder.path, 'data'), ...options.env }
	});
const withModel = () => ({ env: { OPENAI_BASE_URL: model.url, CHAT_MODEL: 'test-model' } });

test('ask prints the answer, its sources and one line about the time', async () => {
	model.queue(answer(['Turn', ' the key', ' twice [1].']));
	const { code, stdout, stderr } = await cli(
		['ask', 'How do I open the red door?', '-l', 'house'],
		withModel()
	);
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
	expect(stdout).toMatch(
		/^Turn the key twice \[1\]\.\n\nSentences: 1 supported\. A judgement of words, not of meaning\.\n\nSources\n\*\[1\] house: Doors › Opening\n/
	);
	expect(stdout).toMatch(/^ +https:\/\/example\.org\/house\/\S*door\S*#opening$/m);
	expect(stdout).toMatch(
		/^retrieval .* · generation .* · first token .* · total .* · model test-model · trace \S+$/m
	);
});

test('ask says how far an answer can be trusted, and asks on after a refusal', async () => {
	model.queue(answer(['Turn the key twice [1].', ' Then paint the rocket engine purple [1].']));
	const doubted = await cli(['ask', 'How do I open the red door?', '-l', 'house'], withModel());
	expect(doubted.stdout).toMatch(/^ {2}not in its sources: Then paint the rocket engine purple \[1\]\.$/m);
	const refused = await cli(['ask', 'Which vaccine protects against yellow fever?'], withModel());
	expect(refused.code).toBe(0);
	expect(refused.stdout).toMatch(
		/^Refused by the evidence gate\. .*\nTo answer .* ask with --answer-anyway\.$/m
	);
	model.queue(answer(['Nothing says so.']));
	const anyway = ['ask', 'Which vaccine protects against yellow fever?', '--answer-anyway'];
	const { stdout } = await cli(anyway, withModel());
	expect(stdout).toMatch(/^Nothing says so\.\n\nThin evidence\. /);
	expect((await cli(['traces', '--evidence', 'thin', '--json'])).stdout).toContain('yellow fever');
});

test('ask streams: the first tokens are there while the model still writes', async () => {
	const more = Promise.withResolvers<void>();
	model.queue(answer(['First', gate(more.promise), ' second']));
	const { code, stdout } = await cli(['ask', 'How do I open the red door?'], {
		...withModel(),
		onOutput(stdout) {
			if (stdout === 'First') more.resolve();
			return undefined;
		}
	});
	expect(code).toBe(0);
	expect(stdout).toMatch(/^First second\n/);
});

test('ask without a model quotes the passages', async () => {
	const { code, stdout } = await cli(['ask', 'How do I open the red door?']);
	expect(code).toBe(0);
	expect(stdout).toContain('Turn the brass key twice to open the red door.');
	expect(stdout).toContain('model extractive');
});

test('ask --json prints what POST /ask answers', async () => {
	model.queue(answer(['It is slate [1].']));
	const { stdout } = await cli(
		['ask', 'What is the roof made of?', '--limit', '1', '--temperature', '0.5', '--json'],
		withModel()
	);
	const answered = askResponseSchema.parse(JSON.parse(stdout));
	expect(answered).toMatchObject({ answer: 'It is slate [1].', finish_reason: 'stop' });
	expect(answered.sources.map((source) => source.document)).toEqual(['roof.md']);
	expect(answered.trace.route).toBe('cli');
	expect(model.chatCalls.at(-1)?.body?.temperature).toBe(0.5);
});

test('ask says when passages were looked up by their words alone', async () => {
	await using failing = await startModelServer({ embeddings: letterVectors });
	const env = {
		OPENAI_BASE_URL: failing.url,
		CHAT_MODEL: 'test-model',
		EMBEDDING_MODEL: 'test-embedder',
		DATA_DIR: join(folder.path, 'embedded')
	};
	await cli(['ingest', 'house', '--library', 'house'], { env });
	const question = ['ask', 'How do I open the red door?'];
	const notice = 'The embeddings endpoint failed: these passages were found by their words alone.';
	expect((await cli(question, { env })).stdout).not.toContain(notice);
	const broken = { env: { ...env, EMBEDDING_BASE_URL: `${failing.url}/broken` } };
	expect((await cli(question, broken)).stdout).toContain(`\n${notice}\n`);
	const { stdout } = await cli([...question, '--json'], broken);
	expect(askResponseSchema.parse(JSON.parse(stdout)).keyword_only).toBe(true);
	expect((await cli(['stats'], { env })).stdout).toMatch(/^by words +2 without embeddings$/m);
});

test('control characters of the model do not reach the terminal', async () => {
	model.queue(answer(['Red\u001b]0;gotcha\u0007', '\u001b[31m', 'door\u202e [1].']));
	const { stdout } = await cli(['ask', 'How do I open the red door?'], withModel());
	expect(stdout).toMatch(/^Red\]0;gotcha\[31mdoor \[1\]\.\n/);
});

test('Ctrl-C stops the run and the model, and the trace says so', async () => {
	const never = Promise.withResolvers<void>();
	model.queue(answer(['Half', gate(never.promise), ' answer']));
	const arrived = model.nextCall();
	const { code, stdout, stderr } = await cli(['ask', 'Is the rose garden far?'], {
		...withModel(),
		onOutput: (stdout) => (stdout === 'Half' ? 'SIGINT' : undefined)
	});
	expect({ code, stdout, stderr }).toEqual({
		code: 130,
		stdout: 'Half\n',
		stderr: 'citelight: The answer was stopped.\n'
	});
	expect((await (await arrived).closed).by).toBe('client');
	never.resolve();
	const traces = await cli(['traces', '--status', 'cancelled', '--json']);
	expect(JSON.parse(traces.stdout)).toMatchObject([{ question: 'Is the rose garden far?', answer: 'Half' }]);
});

test('a model that fails is one line on stderr and exit code 1', async () => {
	model.queue(errorStatus(401));
	const { code, stdout, stderr } = await cli(['ask', 'How do I open the red door?'], withModel());
	expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
	expect(stderr).toMatch(/^citelight: [^\n]+\n$/);
});

test('libraries lists what is indexed', async () => {
	const { stdout } = await cli(['libraries']);
	expect(stdout).toMatch(/^garden +1 +1 +\d{4}-\d\d-\d\d/m);
	expect(stdout).toMatch(/^house +2 +2 +\d{4}-\d\d-\d\d/m);
	const rows = librarySchema.array().parse(JSON.parse((await cli(['libraries', '--json'])).stdout));
	expect(rows.map((row) => row.name)).toEqual(['garden', 'house']);
});

test('traces and stats tell what was asked here', async () => {
	await cli(['ask', 'When are the roses watered?', '--library', 'garden']);
	const { stdout } = await cli(['traces', '--library', 'garden', '--limit', '1']);
	expect(stdout.split('\n')[1]).toMatch(
		/success +good +garden .* When are the roses watered\? +[0-9a-f-]{36}$/
	);
	const listed = await cli(['traces', '--library', 'garden', '--json']);
	const [trace] = traceSummarySchema.array().parse(JSON.parse(listed.stdout));
	expect(trace).toMatchObject({ question: 'When are the roses watered?', status: 'success', route: 'cli' });

	const stats = statsSchema.parse(JSON.parse((await cli(['stats', '--library', 'garden', '--json'])).stdout));
	expect(stats.total_queries).toBeGreaterThan(0);
	expect(Object.keys(stats.queries_per_library)).toEqual(['garden']);
	const { stdout: figures } = await cli(['stats']);
	expect(figures).toMatch(/^questions +\d+$/m);
	expect(figures).toMatch(/^evidence .*\bgood \d+/m);
	expect(figures).toMatch(/^sentences .*\d+ quoted/m);
	expect(figures).toMatch(/^libraries .*\ball \d+/m);
	expect(figures).not.toMatch(/null|by words/);
});

test('traces deletes one for good, and knows which are not there', async () => {
	const asked = await cli(['ask', 'When are the roses watered?', '--json'], {
		env: { TRACE_CONTENT: 'none' }
	});
	const { trace_id } = JSON.parse(asked.stdout) as { trace_id: string };
	const listed = await cli(['traces', '--limit', '1']);
	expect(listed.stdout).toContain('Question not kept');
	expect(listed.stdout).toContain(trace_id);
	expect(await cli(['traces', '--delete', trace_id])).toMatchObject({
		code: 0,
		stdout: `The trace ${trace_id} is deleted.\n`
	});
	expect((await cli(['traces'])).stdout).not.toContain(trace_id);
	expect(await cli(['traces', '--delete-subject', 'nobody'])).toMatchObject({
		code: 0,
		stdout: '0 traces deleted.\n'
	});
	const { code, stderr } = await cli(['traces', '--delete', trace_id]);
	expect(code).toBe(1);
	expect(stderr).toMatch(/^citelight: There is no run with this trace_id[^\n]+\n$/);
});

test.each([
	[['ask', ''], 2, /question must not be empty/],
	[['ask', 'x'.repeat(4001)], 2, /at most 4000 characters/],
	[['ask', 'Why?', '--limit', '99'], 2, /limit/],
	[['ask', 'Why?', '--limit', 'many'], 2, /must be a number/],
	[['ask', 'Why?', '--library', 'castle'], 1, /"castle".*garden, house/],
	[['ask'], 2, /missing required argument/],
	[['traces', '--delete', 'x', '--delete-subject', 'y'], 2, /cannot be used with/],
	[['traces', '--delete-subject', ''], 2, /subject must not be empty/],
	[['ingest', 'house'], 2, /--library/],
	[['ingest', 'house', '--library', ' '], 2, /library/],
	[['ingest', 'house', '--library', 'x', '--base-url', 'here'], 2, /base-url must be an http\(s\) URL/],
	[['traces', '--limit', '0'], 2, /limit/],
	[['stats', '--window', '2h'], 2, /1h, 24h, 7d, all/],
	[['eval', 'nowhere.jsonl'], 2, /nowhere\.jsonl cannot be read/],
	[['fly'], 2, /unknown command/]
])('%j is refused in one sentence', async (args, expectedCode, sentence) => {
	const { code, stdout, stderr } = await cli(args);
	expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
	expect(stderr).toMatch(/^[^\n]+\n(\(Did you mean \w+\?\)\n)?$/);
	expect(stderr).toMatch(sentence);
});

test.each([
	[{ PORT: 'eighty' }, 'citelight: PORT must be a whole number.\n'],
	[{ OPENAI_BASE_URL: 'example' }, 'citelight: OPENAI_BASE_URL must be an http(s) URL.\n'],
	[{ RESUME_GRACE_MS: '-1' }, 'citelight: RESUME_GRACE_MS must be at least 0.\n']
])('a wrong setting stops every command with one line: %j', async (env, line) => {
	for (const args of [['serve'], ['libraries'], ['ask', 'Why?']]) {
		expect(await cli(args, { env })).toEqual({ code: 2, stdout: '', stderr: line });
	}
});

test('nothing indexed is said as such', async () => {
	const env = { DATA_DIR: join(folder.path, 'empty') };
	expect(await cli(['libraries'], { env })).toMatchObject({ code: 0, stdout: '' });
	const asked = await cli(['ask', 'Why?'], { env });
	expect(asked.code).toBe(1);
	expect(asked.stderr).toMatch(/^citelight: Nothing is indexed yet\.[^\n]*\n$/);
});

test('--version prints the version of the package', async () => {
	const { code, stdout } = await cli(['--version']);
	expect({ code, stdout }).toEqual({ code: 0, stdout: `${manifest.version}\n` });
});

test('help lists the commands and every setting', async () => {
	const { code, stdout } = await cli(['--help']);
	expect(code).toBe(0);
	for (const word of ['start', 'serve', 'ingest', 'ask', 'eval', 'libraries', 'traces', 'stats']) {
		expect(stdout).toMatch(new RegExp(`^ {2}${word}\\b`, 'm'));
	}
	expect(stdout).toMatch(/^ {2}PORT +.*Default: 3000\.$/m);
	expect(stdout).toMatch(/^ {2}DATA_DIR +.*Default: \.\/data\.$/m);
});

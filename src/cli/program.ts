import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { statsWindowSchema } from '#lib/contract/stats.ts';
import { evidenceSchema, traceStatusSchema } from '#lib/contract/trace.ts';
import { describeSettings } from '#lib/server/config.ts';
import { toAppError, type AppError } from '#lib/server/error.ts';
import { packageRoot } from './package-root.ts';
import { remark, tolerateClosedPipe } from './terminal.ts';

/** Runs one command line; a failure is one line on stderr and an exit code, never a stack. */
export async function run(argv: readonly string[]): Promise<void> {
	tolerateClosedPipe();
	try {
		await createProgram().parseAsync(argv);
	} catch (thrown) {
		// Commander has written what is wrong with the arguments, or the help that was asked for.
		if (thrown instanceof CommanderError) {
			process.exitCode = thrown.exitCode === 0 ? 0 : 2;
			return;
		}
		const error = toAppError(thrown);
		remark(`citelight: ${error.message}`);
		process.exitCode = exitCode(error);
	}
}

/** 2 for what the caller got wrong in settings or arguments, 130 for Ctrl-C, 1 for the rest. */
function exitCode(error: AppError): number {
	if (error.code === 'invalid_config' || error.code === 'invalid_request') return 2;
	return error.code === 'cancelled' ? 130 : 1;
}

const json = () => new Option('--json', 'print JSON');
const library = (help: string) => new Option('-l, --library <name>', help);

function createProgram(): Command {
	const program = new Command('citelight')
		.description('Answers from your docs, with every step in the light.')
		.version(version(), '-V, --version', 'print the version')
		.exitOverride()
		.addHelpText('after', settingsHelp);

	program
		.command('start')
		.description('build if needed, index the docs of the installed packages if nothing is indexed, and serve')
		.action(async () => (await import('./start.ts')).start());

	program
		.command('serve')
		.description('serve the built application')
		.action(async () => (await import('./serve.ts')).serve());

	program
		.command('ingest')
		.description('index documentation, or bring it up to date: only what has changed is read again')
		.argument('<path or url...>', 'folders, files or http(s) addresses of one library')
		.addOption(library('name of the library').makeOptionMandatory())
		.option('--prune', 'remove what is gone from the sources, as it is without this', true)
		.option('--no-prune', 'keep what is gone from the sources')
		.option('--base-url <url>', 'where the folder is published, for links to the pages')
		.addOption(json())
		.action(async (sources, options) => (await import('./ingest.ts')).ingest(sources, options));

	program
		.command('ask')
		.description('answer a question, with its sources and where the time went')
		.argument('<question>')
		.addOption(library('ask this library only'))
		.option('--limit <n>', 'sources given to the model at most, 1 to 50', number)
		.option('--temperature <t>', 'sampling temperature, 0 to 2', number)
		.option('--answer-anyway', 'answer from what there is, also where the evidence gate would refuse')
		.addOption(json())
		.action(async (question, options) => (await import('./ask.ts')).ask(question, options));

	program
		.command('search')
		.description('find passages for a question, with their rank and score at each stage')
		.argument('<question>')
		.addOption(library('search this library only'))
		.option('--limit <n>', 'passages, 1 to 50', number, 10)
		.addOption(json())
		.action(async (question, options) => (await import('./search.ts')).search(question, options));

	program
		.command('eval')
		.description('measure retrieval on questions whose answers are known')
		.addArgument(
			new Argument(
				'<questions.jsonl>',
				'one {"question", "library"?, "relevant": [...], "facts"?: [...]} a line'
			)
		)
		.addOption(library('only the questions about this library'))
		.option('--off-topic <file>', 'questions that the documentation does not answer')
		.option(
			'--compare <report.json or NAME=value>',
			'compare question by question with an earlier --json report, or with other settings; may be repeated',
			collect
		)
		.option(
			'--min <measure=figure>',
			'exit with 1 when this figure is lower, such as essential=0.8; may be repeated',
			collect
		)
		.option('--failures', 'list the essential facts that were missed, and what was given instead')
		.addOption(json())
		.action(async (path, options) => (await import('./eval/eval.ts')).evaluateFiles(path, options));

	program
		.command('libraries')
		.description('list what is indexed')
		.addOption(json())
		.action(async (options) => (await import('./libraries.ts')).libraries(options));

	program
		.command('traces')
		.description('list the latest questions, newest first, or delete some')
		.option('--limit <n>', 'how many, 1 to 200', number, 20)
		.addOption(library('only this library'))
		.addOption(new Option('--status <status>', 'only these').choices(traceStatusSchema.options))
		.addOption(new Option('--evidence <evidence>', 'only with such evidence').choices(evidenceSchema.options))
		.option('--delete <trace_id>', 'delete this trace for good')
		.addOption(
			new Option('--delete-subject <subject>', 'delete all traces of this subject for good').conflicts(
				'delete'
			)
		)
		.addOption(json())
		.action(async (options) => (await import('./traces.ts')).traces(options));

	program
		.command('stats')
		.description('show how many questions were asked and where their time went')
		.addOption(
			new Option('--window <window>', 'how far back').choices(statsWindowSchema.options).default('all')
		)
		.addOption(library('only this library'))
		.addOption(json())
		.action(async (options) => (await import('./stats.ts')).stats(options));

	program
		.command('hash-key')
		.description('make a key, and its entry for API_KEYS that does not tell it')
		.addOption(
			new Option('--scope <scope>', 'what the key is for').choices(['ask', 'admin']).default('admin')
		)
		.option('--stdin', 'take the key from standard input instead')
		.addOption(json())
		.action(async (options) => (await import('./hash-key.ts')).hashKey(options));

	return program;
}

function version(): string {
	const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
		version: string;
	};
	return manifest.version;
}

/** Values of an option that may be repeated. */
function collect(value: string, values: string[] = []): string[] {
	return [...values, value];
}

function number(text: string): number {
	const value = Number(text);
	if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
	return value;
}

/** The table of settings below the help. */
function settingsHelp(): string {
	const settings = describeSettings();
	const width = Math.max(...settings.map(({ name }) => name.length));
	const lines = settings.map(({ name, default: value, help }) => {
		return `  ${name.padEnd(width)}  ${help}${value ? ` Default: ${value}.` : ''}`;
	});
	return `\nSettings (environment variables, or a .env file in the working folder):\n${lines.join('\n')}`;
}

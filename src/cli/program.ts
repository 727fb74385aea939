import { Command } from 'commander';
import { type AppError, toAppError } from '#lib/server/error.ts';

/** Runs one command line; a failure is one line on stderr and an exit code, never a stack. */
export async function run(argv: readonly string[]): Promise<void> {
	try {
		await createProgram().parseAsync(argv);
	} catch (thrown) {
		const error = toAppError(thrown);
		process.stderr.write(`citelight: ${error.message}\n`);
		process.exitCode = exitCode(error);
	}
}

/** 2 for what the caller got wrong in settings or arguments, 130 for Ctrl-C, 1 for the rest. */
function exitCode(error: AppError): number {
	if (error.code === 'invalid_config') return 2;
	return error.code === 'cancelled' ? 130 : 1;
}

function createProgram(): Command {
	const program = new Command('citelight').description(
		'Answers from your docs, with every step in the light.'
	);
	program
		.command('serve')
		.description('serve the built application')
		.action(async () => {
			const { serve } = await import('./serve.ts');
			await serve();
		});
	return program;
}

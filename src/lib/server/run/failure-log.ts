/**
 * Writes an unexpected failure to stderr: where, its class, and the places of the code it passed through. Its message
 * stays out, because messages may quote questions, answers or keys.
 * @param where what was being done, in a few words.
 */
export function logFailure(where: string, thrown: unknown): void {
	const lines = [`citelight: ${where} failed`];
	for (let error = thrown; error instanceof Error && lines.length < 40; error = error.cause) {
		const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
		lines.push(`  ${error.name}${code}`, ...frames(error.stack));
	}
	process.stderr.write(`${lines.join('\n')}\n`);
}

function frames(stack: string | undefined): string[] {
	return (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
}

/** The first version with `node:sqlite` and type stripping without flags. */
const NEEDED = [22, 18] as const;

/** Ends the process with one line when this Node is too old. Deno reports a Node version too. */
export function requireNode(): void {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
	process.stderr.write(
		`Citelight needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}.\n`
	);
	process.exit(1);
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

const folder = join(import.meta.dirname, '../src/lib/server/search');
const source = join(folder, 'vector-kernel.wat');

/** The kernel of vector search, from its source text to the bytes of a WebAssembly module in base64. */
export async function assembleKernel(): Promise<string> {
	const wabt = await loadWabt();
	const module = wabt.parseWat('vector-kernel.wat', await readFile(source, 'utf8'));
	module.validate();
	return Buffer.from(module.toBinary({}).buffer).toString('base64');
}

/** Run after a change of the source: `node scripts/vector-kernel.ts` writes the bytes beside it. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const bytes = await assembleKernel();
	await writeFile(
		join(folder, 'vector-kernel-bytes.ts'),
		`/** \`vector-kernel.wat\` as a WebAssembly module in base64; written by \`node scripts/vector-kernel.ts\`. */\nexport const KERNEL_BYTES =\n\t'${bytes}';\n`
	);
}

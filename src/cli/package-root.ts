import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this package, whether we run from src/cli or from dist: it holds build/ and, in a checkout, src/. */
export function packageRoot(): string {
	let folder = import.meta.dirname;
	while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
	return folder;
}

/** The web application that `npm run build` makes; its handler.js exports a Node request handler. */
export function builtFolder(): string {
	return join(packageRoot(), 'build');
}

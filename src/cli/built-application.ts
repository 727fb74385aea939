import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SSRManifest } from '@sveltejs/kit';
import { errorCodeSchema } from '#lib/contract/error-code.ts';
import { AppError } from '#lib/server/error.ts';
import { builtFolder } from './package-root.ts';
import { PROTOCOL_HEADER, type Handler } from './request-listener.ts';
import { StaticFiles } from './static-files.ts';

/**
 * Loads the built application whole, so that it answers on when its files are replaced.
 * @throws AppError `invalid_config` when there is no build, and what the application throws at its start.
 */
export async function loadApplication(): Promise<Handler> {
	const folder = builtFolder();
	const path = join(folder, 'handler.js');
	if (!existsSync(path)) {
		throw new AppError('invalid_config', 'The application is not built yet: run "npm run build" first.');
	}
	const files = new StaticFiles(join(folder, 'client'));
	// The adapter takes addresses for https unless it is told; behind a proxy, ORIGIN or PROTOCOL_HEADER tell it.
	if (!process.env.ORIGIN) process.env.PROTOCOL_HEADER ||= PROTOCOL_HEADER;
	process.env.NODE_ENV ??= 'production';
	try {
		const { handler } = (await importFile(path)) as { handler: Handler };
		await loadRoutes(join(folder, 'server/chunks'));
		return async (request, response) => {
			if (!(await files.answer(request, response))) await handler(request, response);
		};
	} catch (cause) {
		// The built application has a class of its own of this name.
		if (!(cause instanceof Error && cause.name === 'AppError' && 'code' in cause)) throw cause;
		throw new AppError(errorCodeSchema.parse(cause.code), cause.message, { cause });
	}
}

/**
 * Has the application import its pages and routes, each of which it would otherwise import when it is first asked for. Only
 * the application's own functions will do: importing the same files here would leave it to find them on the disk again.
 */
async function loadRoutes(chunks: string): Promise<void> {
	const name = (await readdir(chunks)).find((name) => /^manifest\b.*\.js$/.test(name));
	const exported = name ? ((await importFile(join(chunks, name))) as Record<string, unknown>) : {};
	const manifest = Object.values(exported).find(isManifest);
	if (!manifest) throw new Error('The built application has no list of its routes.');
	const { nodes, routes } = manifest._;
	await Promise.all([
		...nodes.map(async (load) => (await load()).component?.()),
		...routes.map(({ endpoint }) => endpoint?.())
	]);
}

function isManifest(value: unknown): value is SSRManifest {
	return typeof value === 'object' && value !== null && '_' in value;
}

function importFile(path: string): Promise<unknown> {
	return import(pathToFileURL(path).href);
}

import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { FolderSelection } from './source.ts';

/** A package whose documentation can be ingested. */
export interface InstalledPackage {
	/** Name of the package. */
	library: string;
	sources: FolderSelection[];
	/** Where its files can be read online, for `baseUrl`; undefined when its manifest does not tell. */
	baseUrl: string | undefined;
}

/** The parts of a package.json that are used; anything odd in one of them counts as absent. */
const manifestSchema = z.object({
	dependencies: z.record(z.string(), z.unknown()).catch({}),
	devDependencies: z.record(z.string(), z.unknown()).catch({}),
	repository: z
		.union([z.string(), z.object({ url: z.string(), directory: z.string().optional() })])
		.nullable()
		.catch(null)
});

/**
 * Finds the documentation of the packages that somebody chose to install: dependencies and devDependencies of the
 * package.json next to the folder. Of each, the README and Markdown under `docs/`; no change logs.
 * @param nodeModules path of a `node_modules` folder. @returns sorted by name; empty when there is no package.json.
 */
export async function installedPackageDocs(nodeModules: string): Promise<InstalledPackage[]> {
	const project = await readManifest(dirname(nodeModules));
	const names = Object.keys({ ...project?.dependencies, ...project?.devDependencies }).sort();
	const packages: InstalledPackage[] = [];
	for (const library of names) {
		const folder = join(nodeModules, library);
		const manifest = await readManifest(folder);
		if (!manifest || !(await hasDocs(folder))) continue;
		packages.push({
			library,
			sources: [{ folder, include: isDocumentation }],
			baseUrl: repositoryUrl(manifest.repository)
		});
	}
	return packages;
}

async function readManifest(folder: string): Promise<z.output<typeof manifestSchema> | null> {
	const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
	if (text === null) return null;
	try {
		return manifestSchema.parse(JSON.parse(text));
	} catch {
		return null;
	}
}

async function hasDocs(folder: string): Promise<boolean> {
	const found = await Promise.all(
		['README.md', 'readme.md', 'Readme.md', 'docs'].map((name) => stat(join(folder, name)).catch(() => null))
	);
	return found.some(Boolean);
}

function isDocumentation(path: string): boolean {
	if (/(?:^|\/)(?:changelog|changes|history|license|security|code_of_conduct)[^/]*$/i.test(path))
		return false;
	return /^readme\.(?:md|markdown)$/i.test(path) || /^docs\/.*\.mdx?$/i.test(path);
}

/** Address of the files of a package at its code host. https://docs.npmjs.com/cli/configuring-npm/package-json#repository */
function repositoryUrl(repository: z.output<typeof manifestSchema>['repository']): string | undefined {
	const { url, directory }: { url: string; directory?: string } =
		typeof repository === 'string' ? { url: repository } : (repository ?? { url: '' });
	const match = repositoryAddress.exec(url)?.groups;
	if (!match?.name) return undefined;
	const host = match.host ?? match.sshHost ?? (match.short === 'gitlab' ? 'gitlab.com' : 'github.com');
	const path = (directory ?? match.tree ?? '').replace(/^\.?\/+|\/+$/g, '');
	return `https://${host}/${match.name}/${host === 'gitlab.com' ? '-/blob' : 'blob'}/HEAD/${path && `${path}/`}`;
}

/** `git+https://github.com/owner/name.git`, `git@…:owner/name`, `github:owner/name`, `owner/name`, `…/tree/main/folder`. */
const repositoryAddress =
	/^(?:(?:git\+)?(?:https?|ssh|git):\/\/(?:git@)?(?<host>github\.com|gitlab\.com)\/|git@(?<sshHost>github\.com|gitlab\.com):|(?<short>github|gitlab):)?(?<name>[\w.-]+\/[\w.-]+?)(?:\.git)?(?:\/tree\/[^/]+\/(?<tree>[^#]+?))?\/?(?:#.*)?$/;

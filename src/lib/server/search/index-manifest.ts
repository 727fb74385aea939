import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FORMAT } from './passage-store.ts';

const FILE = 'manifest.json';

const manifestSchema = z.object({
	format: z.literal(FORMAT),
	/** Model id of the vectors; null without vectors. */
	embedding_model: z.string().nullable(),
	/** Hash by document key. */
	documents: z.record(z.string(), z.string())
});

/** What an index was made from. */
export type IndexManifest = z.infer<typeof manifestSchema>;

/** Stands for a document of a library in a manifest. */
export function documentKey({ library, document }: { library: string; document: string }): string {
	return JSON.stringify([library, document]);
}

/** Whether two indexes hold a document alike. */
export function isAlike(one: IndexManifest, other: IndexManifest, key: string): boolean {
	return one.documents[key] === other.documents[key];
}

/** The manifest of an index folder; null when it is missing or cannot be read. */
export async function readManifest(folder: string): Promise<IndexManifest | null> {
	try {
		const parsed = manifestSchema.safeParse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
		return parsed.success ? parsed.data : null;
	} catch {
		return null;
	}
}

export async function writeManifest(folder: string, manifest: IndexManifest): Promise<void> {
	await writeFile(join(folder, FILE), JSON.stringify(manifest));
}

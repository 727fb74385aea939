import type { Source } from '#lib/contract/chunk.ts';
import { webAddress } from '#lib/ui/markdown/safe-html.ts';

/** Title and headings of a passage, outermost first, without saying the same twice in a row. */
export function headingTrail({ title, heading_path }: Source): string[] {
	return [title, ...heading_path].filter((part, at, all) => part !== '' && part !== all[at - 1]);
}

/** Where the passage can be read on the web; null when it has no public address. */
export function sourceAddress({ url, anchor }: Source): string | null {
	const address = webAddress(url);
	return address && anchor ? `${address}#${encodeURIComponent(anchor)}` : address;
}

import type { Source } from '#lib/contract/chunk.ts';
import { hostsOf, webAddress } from '#lib/ui/markdown/links.ts';
import { showHidden } from '#lib/ui/markdown/visible-text.ts';

/** Title and headings of a passage, outermost first, without saying the same twice in a row. */
export function headingTrail({ title, heading_path }: Source): string[] {
	const parts = [title, ...heading_path];
	return parts.filter((part, at) => part !== '' && part !== parts[at - 1]).map(showHidden);
}

/** What a source is called in few words: the nearest heading, or the title of its page. */
export function sourceTitle({ title, heading_path }: Source): string {
	return showHidden(heading_path.at(-1) ?? title);
}

/** Where links beside these sources may lead: to the hosts that their pages are on. */
export function sourceHosts(sources: readonly Source[]): string[] {
	return hostsOf(sources.map(({ url }) => url));
}

/** Where the passage can be read on the web; null when it has no public address. */
export function sourceAddress({ url, anchor }: Source): string | null {
	const address = webAddress(url);
	return address && anchor ? `${address}#${encodeURIComponent(anchor)}` : address;
}

import type { Element, Root } from 'hast';
import { toString } from 'mdast-util-to-string';
import { SKIP, visit } from 'unist-util-visit';
import type { VFile } from 'vfile';

/**
 * After the sanitiser. Only links to the hosts of the sources can be followed: they say so and tell nobody where they come
 * from. A link that leads elsewhere is text with its address behind it, because neither a model nor a document may send a
 * reader, or what it knows of them, wherever it likes.
 */
export function rehypeLinks() {
	return (tree: Root, file: VFile): void => {
		const hosts = file.data.hosts ?? [];
		visit(tree, 'element', (node, index, parent) => {
			if (node.tagName !== 'a' || !parent || index === undefined) return undefined;
			const address = webAddress(node.properties.href);
			const written = toString(node);
			if (address && leadsTo(address, hosts)) {
				follow(node, address);
				if (isMisleading(written, address)) parent.children.splice(index + 1, 0, behind(address));
			} else {
				standStill(node);
				if (address && !isWritten(address, written)) node.children.push(behind(address));
			}
			return [SKIP, index + 1];
		});
	};
}

/** An absolute address of the web, in its normal form; null for anything else. */
export function webAddress(href: unknown): string | null {
	if (typeof href !== 'string' || !/^https?:\/\//i.test(href) || !URL.canParse(href)) return null;
	const url = new URL(href);
	return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
}

/** The hosts of addresses, as `RenderContext` takes them: each once, without those that are not of the web. */
export function hostsOf(addresses: readonly (string | null)[]): string[] {
	return [...new Set(addresses.flatMap((address) => (webAddress(address) ? [new URL(address!).host] : [])))];
}

/** The hosts that the links of a text of our own lead to; never to be used for what a model or a document wrote. */
export function hostsIn(markdown: string): string[] {
	return hostsOf([...markdown.matchAll(/\]\(<([^<>\s]+)>\)/g)].map(([, address]) => address!));
}

/** Whether an address may be followed. With a name or password in front of the host, it is made to be misread. */
export function leadsTo(address: string, hosts: readonly string[]): boolean {
	const { host, username, password } = new URL(address);
	return hosts.includes(host) && username === '' && password === '';
}

function follow(link: Element, address: string): void {
	link.properties = {
		href: address,
		title: address,
		target: '_blank',
		rel: ['noopener', 'noreferrer', 'nofollow']
	};
}

function standStill(link: Element): void {
	link.tagName = 'span';
	link.properties = { className: ['unlinked'] };
}

const behind = (address: string): Element => ({
	type: 'element',
	tagName: 'span',
	properties: { className: ['address'] },
	children: [{ type: 'text', value: ` (${address})` }]
});

/** Whether the text already says the address, character by character: a letter of another alphabet may look the same. */
export function isWritten(address: string, text: string): boolean {
	const bare = (each: string) => each.replace(/^https?:\/\//, '').replace(/\/$/, '');
	return bare(text) === bare(address);
}

/** A text that looks like another address, or a query that the text does not show. */
function isMisleading(text: string, address: string): boolean {
	if (isWritten(address, text)) return false;
	return new URL(address).search !== '' || /:\/\/|\bwww\./i.test(text);
}

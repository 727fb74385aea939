/** Shorter values are placeholders: taking them out would tear words apart. */
const SHORTEST = 8;
/** What guides for local model servers say to put where a key is required. */
const PLACEHOLDERS = new Set(['lm-studio', 'not-needed', 'no-key-required', 'sk-no-key-required']);

/** What stands in place of a secret of this server. */
export const OWN_SECRET_MARKER = '[redacted: key of this server]';

interface TrieNode {
	next: Map<string, TrieNode>;
	/** The longest proper suffix of what led here that some secret begins with. */
	suffix: TrieNode;
	depth: number;
	/** Length of the longest secret that ends here; 0 for none. */
	found: number;
}

/** Text that comes in pieces, without the secrets. */
export interface Concealment {
	/** What can be shown now: only what may be the beginning of a secret is held back. */
	push(piece: string): string;
	/** What was held back, once nothing more comes. */
	end(): string;
}

/**
 * The keys that this server has been given: they appear in nothing that it shows or stores. Exact matches only; values of
 * fewer than 8 characters and well-known placeholders are not taken for secrets.
 */
export class OwnSecrets {
	readonly #secrets: readonly string[];
	readonly #root: TrieNode;

	constructor(values: Iterable<string | undefined>) {
		const given = [...new Set(values)].filter((value) => value !== undefined);
		this.#secrets = given.filter((value) => value.length >= SHORTEST && !PLACEHOLDERS.has(value));
		this.#root = buildTrie(this.#secrets);
	}

	/** False when there is nothing to conceal. */
	get any(): boolean {
		return this.#secrets.length > 0;
	}

	/** The same as what a concealment makes of the text, however it is cut. */
	conceal(text: string): string {
		if (!this.#secrets.some((secret) => text.includes(secret))) return text;
		const concealment = this.open();
		return concealment.push(text) + concealment.end();
	}

	/** For a text that comes in pieces. */
	open(): Concealment {
		return this.any ? new PieceConcealment(this.#root) : UNCHANGED;
	}
}

const UNCHANGED: Concealment = { push: (piece) => piece, end: () => '' };

/**
 * Walks the automaton of Aho and Corasick ("Efficient string matching", 1975): its depth is how much of the text so far
 * may be the beginning of a secret, so exactly that much is held back.
 */
class PieceConcealment implements Concealment {
	readonly #root: TrieNode;
	#node: TrieNode;
	#held = '';
	/** The characters of `#held` from the first to before the last place that belong to secrets, in order. */
	#secretParts: { start: number; end: number }[] = [];
	/** The last character that was given out belongs to a secret, whose marker has been given. */
	#isMarked = false;

	constructor(root: TrieNode) {
		this.#root = root;
		this.#node = root;
	}

	push(piece: string): string {
		if (this.#node === this.#root && !this.#isMarked && !this.#mayBegin(piece)) return piece;
		let given = '';
		for (let index = 0; index < piece.length; index += 1) {
			const character = piece[index] as string;
			this.#node = step(this.#node, this.#root, character);
			this.#held += character;
			if (this.#node.found) this.#mark(this.#held.length - this.#node.found);
			if (this.#held.length > this.#node.depth) given += this.#give(this.#held.length - this.#node.depth);
		}
		return given;
	}

	end(): string {
		this.#node = this.#root;
		return this.#give(this.#held.length);
	}

	#mayBegin(piece: string): boolean {
		for (let index = 0; index < piece.length; index += 1) {
			if (this.#root.next.has(piece[index] as string)) return true;
		}
		return false;
	}

	#mark(from: number): void {
		const parts = this.#secretParts;
		let start = Math.max(0, from);
		while (parts.length > 0 && parts.at(-1)!.end >= start) start = Math.min(start, parts.pop()!.start);
		parts.push({ start, end: this.#held.length });
	}

	#give(count: number): string {
		let given = '';
		let place = 0;
		for (const { start, end } of this.#secretParts) {
			if (start >= count) break;
			if (start > place) {
				given += this.#held.slice(place, start);
				this.#isMarked = false;
			}
			if (!this.#isMarked) given += OWN_SECRET_MARKER;
			this.#isMarked = true;
			place = Math.min(end, count);
		}
		if (place < count) {
			given += this.#held.slice(place, count);
			this.#isMarked = false;
		}
		this.#held = this.#held.slice(count);
		this.#secretParts = this.#secretParts
			.map(({ start, end }) => ({ start: Math.max(0, start - count), end: end - count }))
			.filter(({ end }) => end > 0);
		return given;
	}
}

function buildTrie(secrets: readonly string[]): TrieNode {
	const root = { next: new Map(), depth: 0, found: 0 } as unknown as TrieNode;
	root.suffix = root;
	for (const secret of secrets) {
		let node = root;
		for (let index = 0; index < secret.length; index += 1) {
			const character = secret[index] as string;
			const next = node.next.get(character) ?? {
				next: new Map(),
				suffix: root,
				depth: index + 1,
				found: 0
			};
			node.next.set(character, next);
			node = next;
		}
		node.found = secret.length;
	}
	const queue = [...root.next.values()];
	for (const node of queue) {
		for (const [character, next] of node.next) {
			next.suffix = step(node.suffix, root, character);
			next.found ||= next.suffix.found;
			queue.push(next);
		}
	}
	return root;
}

function step(from: TrieNode, root: TrieNode, character: string): TrieNode {
	let node = from;
	while (node !== root && !node.next.has(character)) node = node.suffix;
	return node.next.get(character) ?? root;
}

/** Words in a row that are compared. */
const SHINGLE = 3;
/** A passage adds nothing when one that is chosen already says this share of it. */
const NEAR_DUPLICATE = 0.8;
/** Of the 32-bit hash by Fowler, Noll and Vo (FNV-1a). */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const OF_WORD = /[\p{L}\p{N}\p{M}_]/u;
/** By UTF-16 code unit, as far as they were met: 1 where it belongs to a word, 2 where not. */
const unitKinds = new Uint8Array(0x10000);

/**
 * Whether a text has at least the share NEAR_DUPLICATE of the shingles of another one; stops as soon as too many are missing.
 * Source: Broder, "On the Resemblance and Containment of Documents", 1997.
 */
export function isMostlyIn(shingles: Uint32Array, others: Uint32Array): boolean {
	const { length } = shingles;
	let shared = length;
	let other = 0;
	for (let at = 0; at < length; at += 1) {
		const shingle = shingles[at]!;
		while (other < others.length && others[other]! < shingle) other += 1;
		if (others[other] === shingle) continue;
		shared -= 1;
		if (shared / length < NEAR_DUPLICATE) return false;
	}
	return true;
}

/**
 * Every run of words in a text, without regard to case and punctuation, as a hash, each once and in ascending order; a shorter text as a
 * whole. Of a thousand runs in each of two texts, one is taken for another in less than one of a thousand pairs of texts.
 */
export function shinglesOf(text: string): Uint32Array {
	const words = wordHashes(text);
	const count = Math.max(1, words.length - SHINGLE + 1);
	const shingles = new Uint32Array(count);
	for (let at = 0; at < count; at += 1) {
		let hash = 0;
		for (let next = at; next < at + SHINGLE && next < words.length; next += 1) {
			hash = Math.imul(hash ^ words[next]!, FNV_PRIME) ^ (hash >>> 15);
		}
		shingles[at] = hash;
	}
	shingles.sort();
	let kept = 1;
	for (let at = 1; at < count; at += 1) {
		if (shingles[at] !== shingles[kept - 1]) shingles[kept++] = shingles[at]!;
	}
	return shingles.subarray(0, kept);
}

/** FNV-1a of every word over its UTF-16 code units; of the whole text where it has no word. Letters beyond the first plane divide words. */
function wordHashes(text: string): number[] {
	const hashes: number[] = [];
	const lower = text.toLowerCase();
	let hash = FNV_OFFSET;
	let isInWord = false;
	for (let at = 0; at < lower.length; at += 1) {
		const unit = lower.charCodeAt(at);
		if (isOfWord(unit)) {
			hash = Math.imul(hash ^ unit, FNV_PRIME);
			isInWord = true;
		} else if (isInWord) {
			hashes.push(hash);
			hash = FNV_OFFSET;
			isInWord = false;
		}
	}
	if (isInWord) hashes.push(hash);
	if (hashes.length > 0) return hashes;
	for (const character of text.trim()) hash = Math.imul(hash ^ character.codePointAt(0)!, FNV_PRIME);
	return [hash];
}

function isOfWord(unit: number): boolean {
	return (unitKinds[unit] ||= OF_WORD.test(String.fromCharCode(unit)) ? 1 : 2) === 1;
}

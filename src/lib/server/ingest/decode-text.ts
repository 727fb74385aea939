import { AppError } from '#lib/server/error.ts';

/** How many of the first bytes are looked at, and which part of them may be control characters. */
const SAMPLE = 8192;
const CONTROL_SHARE = 0.1;

/**
 * Bytes as text. UTF-8 unless a byte order mark or `charset` says otherwise; wrong bytes become U+FFFD.
 * @throws AppError `ingest_failed` for what is not text.
 */
export function decodeText(bytes: Uint8Array, charset?: string): string {
	const encoding = byteOrderMark(bytes) ?? charset ?? 'utf-8';
	if (encoding === 'utf-8' && isBinary(bytes)) throw new AppError('ingest_failed', 'It is not a text file.');
	try {
		return new TextDecoder(encoding).decode(bytes);
	} catch {
		return new TextDecoder().decode(bytes);
	}
}

function byteOrderMark(bytes: Uint8Array): string | null {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
	return null;
}

function isBinary(bytes: Uint8Array): boolean {
	const sample = bytes.subarray(0, SAMPLE);
	if (new TextDecoder('latin1').decode(sample.subarray(0, 5)) === '%PDF-') return true;
	let odd = 0;
	// Tab, newlines, form feed and escape occur in text; the other control characters hardly ever.
	for (const byte of sample) if (byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32)) odd++;
	if (odd > sample.length * CONTROL_SHARE) return true;
	const text = new TextDecoder().decode(sample);
	return text.split('\ufffd').length - 1 > text.length * 0.3;
}

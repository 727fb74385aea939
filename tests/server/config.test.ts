import { describe, expect, it } from 'vitest';
import { describeSettings, parseConfig } from '#lib/server/config.ts';

describe('settings', () => {
	it('have safe defaults: this machine only, no key, built-in models', () => {
		expect(parseConfig({})).toMatchObject({
			PORT: 3000,
			HOST: '127.0.0.1',
			DATA_DIR: './data',
			RESUME_GRACE_MS: 2000,
			API_KEYS: []
		});
		expect(parseConfig({}).EMBEDDING_MODEL).toBeUndefined();
	});

	it('read numbers, lists and URLs, and count empty ones as unset', () => {
		const config = parseConfig({
			PORT: '8080',
			API_KEYS: 'a, b,,',
			OPENAI_BASE_URL: 'http://localhost:11434/v1/',
			CHAT_MODEL: '  '
		});
		expect(config).toMatchObject({
			PORT: 8080,
			API_KEYS: ['a', 'b'],
			OPENAI_BASE_URL: 'http://localhost:11434/v1'
		});
		expect(config.CHAT_MODEL).toBe(parseConfig({}).CHAT_MODEL);
	});

	it.each([
		['PORT', 'eighty'],
		['PORT', '70000'],
		['OPENAI_BASE_URL', 'localhost'],
		['OPENAI_BASE_URL', 'ftp://host/v1'],
		['RESUME_GRACE_MS', '-1'],
		['TRACE_CONTENT', 'some'],
		['SQLITE_SYNCHRONOUS', 'off'],
		['INGEST_HOSTS', 'docs.example, https://b.example'],
		['MAX_CONCURRENT_ANSWERS', '0']
	])('stop the start with one line that names %s when it is %s', (name, value) => {
		let message = '';
		try {
			parseConfig({ [name]: value });
		} catch (thrown) {
			message = (thrown as Error).message;
		}
		expect(message).toMatch(new RegExp(`^${name} [^\\n]+$`));
	});

	it('keep redacted text by themselves once there are keys', () => {
		expect(parseConfig({}).TRACE_CONTENT).toBe('full');
		expect(parseConfig({ API_KEYS: 'key-of-somebody' }).TRACE_CONTENT).toBe('redacted');
		expect(parseConfig({ API_KEYS: 'key-of-somebody', TRACE_CONTENT: ' ' }).TRACE_CONTENT).toBe('redacted');
		expect(parseConfig({ API_KEYS: 'key-of-somebody', TRACE_CONTENT: 'full' }).TRACE_CONTENT).toBe('full');
		expect(parseConfig({ TRACE_CONTENT: 'none' }).TRACE_CONTENT).toBe('none');
	});

	it('never repeat a key in the message', () => {
		expect(() => parseConfig({ OPENAI_API_KEY: 'sk-secret', PORT: 'x' })).toThrow(
			expect.objectContaining({ message: expect.not.stringContaining('sk-secret') })
		);
	});

	it('each have a line of help', () => {
		for (const { name, help } of describeSettings()) expect(help, name).toMatch(/\.$/);
	});
});

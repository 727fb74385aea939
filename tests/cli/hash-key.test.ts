import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { hashKey, parseApiKey } from '#lib/server/config/api-keys.ts';
import { Access } from '#lib/server/transport/access.ts';
import { runCli } from '../fixtures/cli.ts';

async function hashed(key: string) {
	const main = join(import.meta.dirname, '../../src/cli/main.ts');
	const child = spawn(process.execPath, [main, 'hash-key', '--stdin', '--json'], { stdio: 'pipe' });
	const code = new Promise((done) => child.once('close', done));
	child.stdin.end(key);
	return { stdout: await text(child.stdout), stderr: await text(child.stderr), code: await code };
}

describe('hash-key', () => {
	it('makes a new key each time, with an entry that opens to it', async () => {
		const made = await Promise.all(
			['ask', 'admin'].map(async (scope) => {
				const { stdout } = await runCli(['hash-key', '--scope', scope, '--json']);
				const { key, entry } = JSON.parse(stdout) as { key: string; entry: string };
				const access = new Access([entry], () => Buffer.alloc(32));
				const headers = new Headers({ authorization: `Bearer ${key}` });
				expect(access.identify(headers)?.scope).toBe(scope);
				expect(entry).not.toContain(key);
				return key;
			})
		);
		expect(made[0]).not.toBe(made[1]);
		const { stdout } = await runCli(['hash-key']);
		expect(stdout).toMatch(/^Key: +citelight-[\w-]{32}\nEntry of API_KEYS: admin:sha256:[0-9a-f]{64}\n$/);
	});

	it('takes a key from standard input', async () => {
		const { stdout } = await hashed('my own key'.replaceAll(' ', '-') + '\n');
		const { entry } = JSON.parse(stdout) as { entry: string };
		expect(parseApiKey(entry)).toEqual({ scope: 'admin', hash: hashKey('my-own-key') });
	});

	it('says what cannot be a key', async () => {
		for (const key of ['', 'a,b', 'admin:x', 'two words']) {
			const { code, stderr } = await hashed(key);
			expect([code, stderr]).toEqual([2, expect.stringMatching(/^citelight: A key is printable[^\n]*\n$/)]);
		}
	});
});

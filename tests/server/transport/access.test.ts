import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashKey, parseApiKey } from '#lib/server/config/api-keys.ts';
import { Access, requireScope } from '#lib/server/transport/access.ts';
import { EndedSessions } from '#lib/server/transport/ended-sessions.ts';
import { sessionCookie } from '#lib/server/transport/session-cookie.ts';
import { sessionSecret } from '#lib/server/transport/session-secret.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const secret = () => Buffer.alloc(32, 7);
const entries = ['ask:first-key', `admin:sha256:${hashKey('second-key').toString('hex')}`, 'third-key'];
const access = new Access(entries, secret);
const bearing = (authorization: string) => new Headers({ authorization });
const carrying = (cookie: string) => new Headers({ cookie });
const cookieOf = (session: { token: string; maxAgeSeconds: number }, isSecure = false) =>
	sessionCookie(session, isSecure).split(';', 1)[0]!;

describe('a key in the settings', () => {
	it.each([
		['ask:abc', 'ask'],
		['admin:abc', 'admin'],
		['abc', 'admin'],
		[`ask:sha256:${hashKey('abc').toString('hex')}`, 'ask'],
		[`sha256:${hashKey('abc').toString('hex').toUpperCase()}`, 'admin']
	])('%s is one for %s', (entry, scope) => {
		expect(parseApiKey(entry)).toEqual({ scope, hash: hashKey('abc') });
	});

	it.each(['amdin:abc', 'ask:', ':abc', 'sha256:abc', 'ask:sha256:zz', 'a b', 'sha256', 'ask:a:b', 'käse'])(
		'%j is none',
		(entry) => expect(parseApiKey(entry)).toBeNull()
	);
});

describe('a key in the header', () => {
	it.each([
		['Bearer first-key', 'ask'],
		['bearer  second-key', 'admin'],
		['Bearer third-key ', 'admin']
	])('%j is known', (header, scope) => {
		expect(access.identify(bearing(header))).toMatchObject({ scope, by: 'header' });
	});

	it.each(['Bearer', 'Bearer ', 'first-key', 'Bearer first-ke', 'Bearer first-key2', 'Basic first-key', ''])(
		'%j is not',
		(header) => expect(access.identify(bearing(header))).toBeNull()
	);

	it('is not its own hash', () => {
		expect(access.identify(bearing(`Bearer sha256:${hashKey('third-key').toString('hex')}`))).toBeNull();
		expect(access.identify(bearing(`Bearer ${hashKey('third-key').toString('hex')}`))).toBeNull();
	});

	it('counts alone: a wrong one is not made good by a session', () => {
		const headers = carrying(cookieOf(access.logIn('third-key')));
		headers.set('authorization', 'Bearer wrong');
		expect(access.identify(headers)).toBeNull();
	});

	it('is not asked for when none is set', () => {
		const open = new Access([], secret);
		expect(open.isRequired).toBe(false);
		expect(open.identify(new Headers())).toMatchObject({ scope: 'admin', keyId: null });
		expect(open.identify(bearing('Bearer whatever'))).toMatchObject({ scope: 'admin' });
	});

	it('listed twice counts with its wider scope', () => {
		const twice = new Access(['ask:same', 'admin:same'], secret);
		expect(twice.identify(bearing('Bearer same'))?.scope).toBe('admin');
	});
});

describe('a scope', () => {
	const ask = access.identify(bearing('Bearer first-key'));
	const admin = access.identify(bearing('Bearer second-key'));

	it('lets those pass who have it', () => {
		expect(() => requireScope(ask, 'ask')).not.toThrow();
		expect(() => requireScope(admin, 'ask')).not.toThrow();
		expect(() => requireScope(admin, 'admin')).not.toThrow();
	});

	it('tells nobody from somebody with less', () => {
		expect(() => requireScope(null, 'ask')).toThrow(expect.objectContaining({ status: 401 }));
		expect(() => requireScope(ask, 'admin')).toThrow(
			expect.objectContaining({ status: 403, code: 'forbidden' })
		);
	});
});

describe('a session', () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 }));
	afterEach(() => void vi.useRealTimers());

	it('stands for its key, over both schemes', () => {
		for (const isSecure of [false, true]) {
			const cookie = cookieOf(access.logIn('first-key'), isSecure);
			expect(access.identify(carrying(`theme=dark; ${cookie}`))).toMatchObject({
				scope: 'ask',
				by: 'session'
			});
		}
	});

	it('begins with a valid key only', () => {
		for (const wrong of ['', 'nothing', 'first-key ', hashKey('first-key').toString('hex')]) {
			expect(() => access.logIn(wrong)).toThrow(expect.objectContaining({ status: 401 }));
		}
	});

	it('holds no key, and its cookie is out of reach of scripts and other sites', () => {
		const session = access.logIn('first-key');
		expect(session.token).not.toContain('first-key');
		expect(sessionCookie(session, true)).toMatch(/^__Host-.*; Path=\/; .*HttpOnly; SameSite=Strict; Secure$/);
		expect(sessionCookie(session, false)).toMatch(/; HttpOnly; SameSite=Strict$/);
	});

	it('is worth nothing once a character is changed', () => {
		const { token } = access.logIn('first-key');
		for (let index = 0; index < token.length; index++) {
			const forged = token.slice(0, index) + (token[index] === '1' ? '2' : '1') + token.slice(index + 1);
			expect(access.identify(carrying(`citelight=${forged}`)), forged).toBeNull();
		}
		expect(access.identify(carrying(`citelight=${token}x`))).toBeNull();
	});

	it('is over after its time', () => {
		const session = access.logIn('first-key');
		const headers = carrying(cookieOf(session));
		vi.setSystemTime(Date.now() + session.maxAgeSeconds * 1000 - 1);
		expect(access.identify(headers)).not.toBeNull();
		vi.setSystemTime(Date.now() + 1);
		expect(access.identify(headers)).toBeNull();
	});

	it('is over after the log-out, for copies too; others go on', () => {
		const headers = carrying(cookieOf(access.logIn('first-key')));
		const other = carrying(cookieOf(access.logIn('first-key')));
		access.logOut(headers);
		expect(access.identify(headers)).toBeNull();
		expect(access.identify(other)).not.toBeNull();
	});

	it('survives a restart, but not that its key is taken away, or given another scope', () => {
		const headers = carrying(cookieOf(access.logIn('first-key')));
		expect(new Access(entries, secret).identify(headers)).not.toBeNull();
		expect(new Access(entries.slice(1), secret).identify(headers)).toBeNull();
		expect(new Access(['admin:first-key'], secret).identify(headers)).toBeNull();
	});

	it('cannot be made by who has read the hashes in the settings', () => {
		const headers = carrying(cookieOf(new Access(entries, () => Buffer.alloc(32)).logIn('first-key')));
		expect(access.identify(headers)).toBeNull();
	});
});

describe('a session that was ended', () => {
	const restart = (folder: string) => new Access(entries, secret, new EndedSessions(folder));

	it('stays over when the server is started again, and others go on', async () => {
		await using folder = await tempFolder();
		const data = join(folder.path, 'data');
		vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
		try {
			const headers: Headers[] = [];
			const before = restart(data);
			for (let count = 0; count < 3; count += 1) {
				headers.push(carrying(cookieOf(before.logIn('first-key'))));
			}
			before.logOut(headers[0]!);
			before.logOut(headers[1]!);
			const file = join(data, 'ended-sessions');
			// As a crash leaves it in the middle of a line.
			appendFileSync(file, '\n18000');
			expect(statSync(file).mode & 0o077).toBe(0);
			const after = restart(data);
			expect(headers.map((each) => after.identify(each) !== null)).toEqual([false, false, true]);
			after.logOut(headers[2]!);
			expect(restart(data).identify(headers[2]!)).toBeNull();
			expect(readFileSync(file, 'utf8')).not.toMatch(/first-key/);
		} finally {
			vi.useRealTimers();
		}
	});

	it('is forgotten when it would be over by itself', async () => {
		await using folder = await tempFolder();
		vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
		try {
			const session = restart(folder.path);
			const { token, maxAgeSeconds } = session.logIn('first-key');
			session.logOut(carrying(`citelight=${token}`));
			vi.setSystemTime(Date.now() + maxAgeSeconds * 1000);
			restart(folder.path).identify(carrying(`citelight=${session.logIn('first-key').token}`));
			expect(readFileSync(join(folder.path, 'ended-sessions'), 'utf8')).toBe('');
		} finally {
			vi.useRealTimers();
		}
	});

	it('is over as long as the process lives where that cannot be kept, and the log says so', async () => {
		await using folder = await tempFolder({ data: 'not a folder' });
		const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		try {
			const session = restart(join(folder.path, 'data'));
			const headers = carrying(cookieOf(session.logIn('first-key')));
			session.logOut(headers);
			expect(session.identify(headers)).toBeNull();
			expect(log.mock.calls.join()).toContain('keeping a log-out failed');
		} finally {
			log.mockRestore();
		}
	});
});

describe('the secret of the sessions', () => {
	it('is made once, and readable by its owner only', async () => {
		await using folder = await tempFolder();
		const data = join(folder.path, 'data');
		const made = sessionSecret(data);
		expect(made).toHaveLength(32);
		expect(sessionSecret(data)).toEqual(made);
		expect(readFileSync(join(data, 'session-secret'))).toEqual(made);
		expect(statSync(join(data, 'session-secret')).mode & 0o077).toBe(0);
	});

	it('is made for the time of the process where it cannot be kept', async () => {
		await using folder = await tempFolder({ data: 'not a folder', 'short/session-secret': 'x' });
		for (const name of ['data', 'short']) {
			const [one, two] = [sessionSecret(join(folder.path, name)), sessionSecret(join(folder.path, name))];
			expect(one).toHaveLength(32);
			expect(one).not.toEqual(two);
		}
	});
});

import { problemSchema } from '#lib/contract/error-code.ts';

/** What a reader's key is for; `scope` is null for a reader who is not logged in. */
export interface ReaderAccess {
	/** Whether this server asks for a key at all. */
	isRequired: boolean;
	scope: 'ask' | 'admin' | null;
}

/**
 * Exchanges a key for a session cookie, which no script can read.
 * @returns null when it has worked, else a sentence that says why not.
 */
export async function logIn(key: string): Promise<string | null> {
	try {
		const response = await fetch('/session', {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ key })
		});
		if (response.ok) return null;
		const said = problemSchema.safeParse(await response.json());
		return said.success ? said.data.detail : `The server answered with status ${response.status}.`;
	} catch {
		return 'Citelight could not be reached. Try again in a moment.';
	}
}

/** Ends the session; whether the server was reached. */
export async function logOut(): Promise<boolean> {
	try {
		return (await fetch('/session', { method: 'DELETE' })).ok;
	} catch {
		return false;
	}
}

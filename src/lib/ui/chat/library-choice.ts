const STORAGE_KEY = 'citelight:library';

/** The library to begin with: what the address says, else what was chosen last; null is all of them. */
export function wantedLibrary(address: URL): string | null {
	return address.searchParams.get('library') ?? stored();
}

/** Remembers a choice for the next visit, and gives the address that says the same. */
export function rememberLibrary(library: string | null, address: URL): URL {
	try {
		if (library === null) localStorage.removeItem(STORAGE_KEY);
		else localStorage.setItem(STORAGE_KEY, library);
	} catch {
		// Storage is blocked: the address remembers it.
	}
	const next = new URL(address);
	if (library === null) next.searchParams.delete('library');
	else next.searchParams.set('library', library);
	return next;
}

function stored(): string | null {
	try {
		return localStorage.getItem(STORAGE_KEY);
	} catch {
		return null;
	}
}

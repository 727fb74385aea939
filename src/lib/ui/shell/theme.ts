export type Theme = 'light' | 'dark' | 'system';

/** Also read by static/theme.js, before the first paint. */
const STORAGE_KEY = 'citelight:theme';

/** The theme that was chosen in this browser; `system` without a choice, and where storage is blocked. */
export function storedTheme(): Theme {
	try {
		const stored = localStorage.getItem(STORAGE_KEY);
		return stored === 'light' || stored === 'dark' ? stored : 'system';
	} catch {
		return 'system';
	}
}

/** Shows a theme and remembers it for the next visit. */
export function applyTheme(theme: Theme): void {
	const { dataset } = document.documentElement;
	if (theme === 'system') delete dataset.theme;
	else dataset.theme = theme;
	try {
		if (theme === 'system') localStorage.removeItem(STORAGE_KEY);
		else localStorage.setItem(STORAGE_KEY, theme);
	} catch {
		// Storage is blocked: the choice lasts as long as the page.
	}
}

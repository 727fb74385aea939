// Runs before the first paint, so that a chosen theme never flashes; without a choice the system decides.
// An own file because the pages' security policy allows no inline script.
try {
	const theme = localStorage.getItem('citelight:theme');
	if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
	// Storage is blocked: the system decides.
}

/** Opens a source of the page's list by its number and takes the reader there. */
export function showSource(n: number): void {
	const item = document.getElementById(`source-${n}`);
	const details = item?.querySelector('details');
	if (!item || !details) return;
	details.open = true;
	item.scrollIntoView({ block: 'nearest' });
	details.querySelector('summary')?.focus({ preventScroll: true });
}

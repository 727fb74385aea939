/** Opens a source of the page's list by its number and takes the reader there. */
export function showSource(n: number): void {
	const item = document.getElementById(`source-${n}`);
	const details = item?.querySelector('details');
	if (!item || !details) return;
	details.open = true;
	// Its text is rendered only now, and will need the room below.
	item.scrollIntoView({ block: 'start' });
	details.querySelector('summary')?.focus({ preventScroll: true });
}

/** The highlighter with no language yet: fetched with the first of them, so that pages without code never do. */
import { createLowlight } from 'lowlight';

export const lowlight = createLowlight();

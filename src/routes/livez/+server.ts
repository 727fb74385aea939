/** Alive: answers without touching model, index or disk. */
export const GET = () => Response.json({ status: 'ok' });

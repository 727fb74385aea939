/** The pages hold live data only: the server sends the frame at once, the browser fetches the rest. */
export const prerender = false;

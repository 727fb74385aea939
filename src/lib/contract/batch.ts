/** Calls of tRPC that one request may hold; the server refuses more, and the client sends them in several. */
export const MOST_CALLS_IN_BATCH = 10;

import type { Caller } from '#lib/server/transport/access.ts';
import type { ClosingSocket } from '#lib/server/transport/client-signal.ts';
import type { RequestServices } from '#lib/server/trpc/context.ts';

declare global {
	namespace App {
		interface Locals {
			services: RequestServices;
			/** Who calls; null for nobody known, where a key is asked for. */
			caller: Caller | null;
			/** Where the request comes from, as limits name it. */
			address: string;
			/** Tells clients apart, for limits. */
			client: string;
			/** Sent back as `X-Request-Id`. */
			requestId: string;
		}
		interface Error {
			message: string;
			requestId?: string;
		}
		/** What the Node adapter tells beside the web-standard request. */
		interface Platform {
			req?: { socket?: ClosingSocket };
		}
	}
}

export {};

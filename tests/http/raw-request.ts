import { request } from 'node:http';

/** An answer as it came. */
export interface RawAnswer {
	status: number;
	headers: Record<string, string | string[] | undefined>;
	body: string;
}

/**
 * Sends a request exactly as it is written: `fetch` would tidy the path and choose some headers itself.
 * @param path not normalised.
 */
export function rawRequest(
	base: string,
	path: string,
	options: { method?: string; headers?: Record<string, string>; body?: string } = {}
): Promise<RawAnswer> {
	const { hostname, port } = new URL(base);
	const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
	const { method = 'GET', headers = {}, body } = options;
	const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
		let text = '';
		response.setEncoding('utf8');
		response.on('data', (part: string) => (text += part));
		response.on('error', reject);
		response.on('end', () =>
			resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
		);
	});
	sent.on('error', reject);
	sent.end(body);
	return promise;
}

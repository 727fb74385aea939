import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { requestListener } from '../../src/cli/request-listener.ts';

test('a file that is gone when the application opens it costs one answer, not the process', async () => {
	const logged = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
	const missing = join(import.meta.dirname, 'no-such-file.js');
	const server = createServer(
		requestListener((request, response) => {
			response.writeHead(200, { 'content-length': 5 });
			if (request.url === '/missing') createReadStream(missing).pipe(response);
			else response.end('Hello');
		})
	);
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	try {
		const lost = fetch(`${url}/missing`).then((response) => response.text());
		await expect(lost).rejects.toThrow();
		expect(await (await fetch(url)).text()).toBe('Hello');
		expect(String(logged.mock.calls)).toContain('ENOENT');
	} finally {
		logged.mockRestore();
		server.close();
		server.closeAllConnections();
	}
});

import { createServer, request as requestFrom } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A process of its own: the least that can stand between a model endpoint and a client. It copies bytes, reads nothing of
 * them, and keeps nothing. The endpoint's address is the argument; says its port to whoever started it.
 */
const upstream = `${process.argv[2]}/chat/completions`;

const server = createServer((incoming, outgoing) => {
	incoming.resume().once('end', () => {
		const call = requestFrom(upstream, { method: 'POST' }, (answer) => {
			outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
			answer.pipe(outgoing);
		});
		call.end('{}');
	});
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

import { Agent as HttpAgent, globalAgent as globalHttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent, globalAgent as globalHttpsAgent } from 'node:https';
import { isIP, type Socket } from 'node:net';

/** Connections to one host that wait for a request at most. */
const MOST_WAITING = 64;

/**
 * The connections of an agent, of which some are opened before there is a request for them: a handshake takes as long as it takes to find
 * passages, and both can go on at the same time.
 */
class EarlyConnections {
	readonly agent: HttpAgent;
	readonly #options: AgentOptions;
	/** Opened and not used yet, oldest first, by host and port. */
	readonly #waiting = new Map<string, Set<Socket>>();
	readonly #connect: HttpAgent['createConnection'];

	constructor(agent: HttpAgent, options: AgentOptions) {
		this.agent = agent;
		this.#options = options;
		this.#connect = agent.createConnection.bind(agent);
		agent.createConnection = (options, callback) =>
			this.#take(`${options.host}:${options.port}`) ?? this.#connect(options, callback);
	}

	/** Opens one, unless one is free already. Whether it can be had is for the request to find out. */
	open({ protocol, hostname, port }: URL): void {
		const host = hostname.replace(/^\[|\]$/g, '');
		const to = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
		const address = `${to.host}:${to.port}`;
		const isFree = Object.keys(this.agent.freeSockets).some((name) => name.startsWith(`${address}:`));
		const waiting = this.#waiting.get(address) ?? new Set();
		// The tunnel through a proxy is made for a request.
		if (isFree || waiting.size >= MOST_WAITING || this.#options.proxyEnv) return;
		const options = { ...this.#options, ...to, servername: isIP(host) === 0 ? host : '' };
		const socket = this.#connect(options) as Socket;
		this.#waiting.set(address, waiting.add(socket));
		socket.on('error', drop).on('timeout', drop).unref();
		socket.once('close', () => waiting.delete(socket));
	}

	/** The connection that has waited longest, if it is still good. */
	#take(address: string): Socket | null {
		const waiting = this.#waiting.get(address) ?? new Set();
		for (const socket of waiting) {
			waiting.delete(socket);
			socket.off('error', drop).off('timeout', drop);
			// Who speaks before being asked has given the connection up.
			if (socket.readableLength > 0) socket.destroy();
			if (!socket.destroyed) return socket.ref();
		}
		return null;
	}
}

function drop(this: Socket): void {
	this.destroy();
}

/** With these, an agent treats connections, and the proxies of the environment, as Node's global one does. */
const optionsOf = (agent: HttpAgent) => (agent as HttpAgent & { options: AgentOptions }).options;
const httpOptions = optionsOf(globalHttpAgent);
const httpsOptions = optionsOf(globalHttpsAgent);
const http = new EarlyConnections(new HttpAgent(httpOptions), httpOptions);
const https = new EarlyConnections(new HttpsAgent(httpsOptions), httpsOptions);

const connectionsTo = ({ protocol }: URL) => (protocol === 'https:' ? https : http);

/** Keeps the connections to endpoints. */
export function endpointAgent(url: URL): HttpAgent {
	return connectionsTo(url).agent;
}

/** Opens a connection for a request that will probably come; one that does not is closed after some seconds of silence. */
export function connectEarly(url: URL): void {
	connectionsTo(url).open(url);
}

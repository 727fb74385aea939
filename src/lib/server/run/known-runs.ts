import type { AskRequest } from '#lib/contract/ask.ts';
import { AppError } from '#lib/server/error.ts';
import type { Run } from './run.ts';

/** How long a finished run can be replayed from memory; after that it is made from the store. */
const KEEP_FINISHED_MS = 60_000;
/**
 * Finished runs in memory at most; under load the oldest are replayed from the store earlier. Those whose client may send
 * the same question again by its key do not count: it must find them.
 */
const MOST_FINISHED = 500;

/** The runs that are going on or have ended a short time ago, by their ids and by the keys of their requests. */
export class KnownRuns {
	readonly #byId = new Map<string, Run>();
	readonly #byKey = new Map<string, Run>();
	/** Finished runs that are remembered, oldest first, with what ends that. */
	readonly #finished = new Map<Run, ReturnType<typeof setTimeout>>();

	add(run: Run): void {
		this.#byId.set(run.traceId, run);
		const key = ownKey(run.request, run.client);
		if (key !== null) this.#byKey.set(key, run);
	}

	get(traceId: string): Run | undefined {
		return this.#byId.get(traceId);
	}

	/** Ids of the runs that are from a subject. */
	ofSubject(subject: string): string[] {
		return [...this.#byId].filter(([, run]) => run.request.subject === subject).map(([id]) => id);
	}

	/**
	 * The run that the first request with this key started; null when there is none.
	 * @throws AppError `invalid_request` when the key belongs to another question.
	 */
	sameRequest(request: AskRequest, client?: string): Run | null {
		const key = ownKey(request, client);
		const run = key === null ? undefined : this.#byKey.get(key);
		if (!run) return null;
		if (isSameQuestion(run.request, request)) return run;
		throw new AppError(
			'invalid_request',
			'idempotency_key was already used for another question. Choose a new one for each question.'
		);
	}

	/** Forgets a run that has ended after a while, or earlier when many have. */
	finished(run: Run): void {
		const timer = setTimeout(() => this.drop(run), KEEP_FINISHED_MS);
		// Remembering is no work: it must not keep the process alive.
		timer.unref();
		this.#finished.set(run, timer);
		if (this.#finished.size <= MOST_FINISHED) return;
		const oldest = this.#finished.keys().find((each) => !each.request.idempotency_key);
		if (oldest) this.drop(oldest);
	}

	/** Forgets a run at once. */
	drop(run: Run): void {
		clearTimeout(this.#finished.get(run));
		this.#finished.delete(run);
		const key = ownKey(run.request, run.client);
		this.#byId.delete(run.traceId);
		if (key !== null && this.#byKey.get(key) === run) this.#byKey.delete(key);
	}

	/** Forgets nothing any more, so that no timer is left; gives all that are known. */
	close(): Run[] {
		for (const timer of this.#finished.values()) clearTimeout(timer);
		this.#finished.clear();
		return [...this.#byId.values()];
	}
}

/**
 * What two requests with the same idempotency key have in common. Nobody comes upon the answer of another API key by a key that both
 * happen to choose; an address tells nobody apart here, because it may change between two tries of the same client.
 */
function ownKey({ idempotency_key: key }: AskRequest, client = ''): string | null {
	if (!key) return null;
	return client.startsWith('address ') ? key : `${client} ${key}`;
}

function isSameQuestion(one: AskRequest, other: AskRequest): boolean {
	const parts = ({ question, library, limit, temperature, conversation_id, subject }: AskRequest) =>
		JSON.stringify(
			[question, library, limit, temperature, conversation_id, subject].map((part) => part ?? null)
		);
	return parts(one) === parts(other);
}

import type { Trace } from '#lib/contract/trace.ts';
import type { Turn } from '#lib/server/store/trace-store.ts';

/** Conversations remembered at once; the one that was silent longest makes room. */
const MAX_CONVERSATIONS = 1000;
/** Turns remembered of each. */
const MAX_TURNS = 10;
/** How long a conversation may be silent, in milliseconds. */
const MAX_SILENCE_MS = 30 * 60_000;

interface Conversation {
	turns: (Turn & { traceId: string })[];
	/** `performance.now()` of its last turn. */
	spokenAt: number;
}

/** The turns of conversations, in this process only: for a server whose traces keep no text. */
export class ConversationMemory {
	/** The one that was silent longest first. */
	readonly #conversations = new Map<string, Conversation>();
	readonly #now: () => number;

	/** @param now clock in milliseconds. */
	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
	}

	/** Takes a finished answer into its conversation; failed ones are no turns. */
	remember({ trace_id, conversation_id, status, question, answer }: Trace): void {
		if (status !== 'success' && status !== 'refused') return;
		this.#forgetSilent();
		const id = conversation_id ?? trace_id;
		const turns = this.#conversations.get(id)?.turns ?? [];
		this.#conversations.delete(id);
		this.#conversations.set(id, {
			turns: [...turns, { traceId: trace_id, question, answer: answer ?? '' }].slice(-MAX_TURNS),
			spokenAt: this.#now()
		});
		const [oldest] = this.#conversations.keys();
		if (oldest !== undefined && this.#conversations.size > MAX_CONVERSATIONS)
			this.#conversations.delete(oldest);
	}

	/** The last turns of a conversation, oldest first. */
	turns(conversationId: string, limit: number): Turn[] {
		this.#forgetSilent();
		const { turns = [] } = this.#conversations.get(conversationId) ?? {};
		return turns.slice(-limit).map(({ question, answer }) => ({ question, answer }));
	}

	/** Forgets one turn. */
	forget(traceId: string): void {
		for (const conversation of this.#conversations.values()) {
			conversation.turns = conversation.turns.filter((turn) => turn.traceId !== traceId);
		}
	}

	#forgetSilent(): void {
		for (const [id, { spokenAt }] of this.#conversations) {
			if (this.#now() - spokenAt < MAX_SILENCE_MS) return;
			this.#conversations.delete(id);
		}
	}
}

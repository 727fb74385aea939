import type { CitelightClient } from '#lib/client/index.ts';
import { Turn, type TurnOptions } from './turn.svelte.ts';

let kept: Conversation | undefined;

/**
 * The conversation of this tab: it outlives the page, so that a look at a trace does not end it. On the server there is
 * none to keep: each request gets its own.
 */
export function keptConversation(client: CitelightClient): Conversation {
	if (typeof window === 'undefined') return new Conversation(client);
	return (kept ??= new Conversation(client));
}

/** The turns of one conversation; the server keeps them too, under the id that its answers give. */
export class Conversation {
	turns = $state.raw<Turn[]>([]);
	readonly #client: CitelightClient;
	/** What a screen reader is told: the beginning and the end of an answer, never its tokens. */
	announcement = $state('');

	constructor(client: CitelightClient) {
		this.#client = client;
	}

	get last(): Turn | undefined {
		return this.turns.at(-1);
	}

	get running(): boolean {
		return this.last?.running ?? false;
	}

	/** Asks a question, as a follow-up of the turns before it. */
	async ask(question: string, options: TurnOptions): Promise<void> {
		if (this.running) return;
		const conversationId = this.#id();
		const turn = new Turn(this.#client, question, options);
		this.turns = [...this.turns, turn];
		this.announcement = 'Looking for passages.';
		await turn.follow(conversationId);
		if (this.turns.includes(turn)) this.announcement = announce(turn);
	}

	/** Asks the last question again, in its place. */
	async retry(): Promise<void> {
		const { last } = this;
		if (!last || last.running) return;
		this.turns = this.turns.slice(0, -1);
		await this.ask(last.question, last);
	}

	/** Begins anew; an answer that is still being written is let go. */
	clear(): void {
		this.last?.leave();
		this.turns = [];
		this.announcement = '';
	}

	#id(): string | null {
		return this.turns.findLast(({ done }) => done)?.done?.conversation_id ?? null;
	}
}

function announce({ status, citations, failure, keywordOnly, done }: Turn): string {
	const lookedUp = keywordOnly ? ' Passages were looked up by their words alone.' : '';
	switch (status) {
		case 'answered':
			return `The answer is complete. It cites ${citations.length} ${citations.length === 1 ? 'source' : 'sources'}.${done?.evidence === 'thin' ? ' The evidence is thin.' : ''}${lookedUp}`;
		case 'refused':
			return `The documentation does not cover this question.${lookedUp}`;
		case 'stopped':
			return 'The answer was stopped.';
		case 'failed':
			return `There is no answer: ${failure?.message ?? ''}`;
		default:
			return '';
	}
}

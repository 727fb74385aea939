import type { Unsubscribable } from '@trpc/server/observable';
import type { ConnectionObserver } from './follow.ts';

/** A tRPC subscription procedure whose events carry ids. */
interface TrackedSubscription<Input, Data> {
	subscribe(
		input: Input,
		callbacks: {
			onData(event: { id: string; data: Data }): void;
			onError(error: unknown): void;
			onComplete(): void;
			onConnectionStateChange(state: { state: 'idle' | 'connecting' | 'pending'; error: unknown }): void;
		}
	): Unsubscribable;
}

/** Opens one connection of a subscription; tRPC's own reconnecting is cut short, because `follow` does it. */
export function subscribe<Input, Data>(
	procedure: TrackedSubscription<Input, Data>,
	input: Input,
	observer: ConnectionObserver<Data>
): () => void {
	const subscription = procedure.subscribe(input, {
		onData: (event) => observer.onEvent(event),
		onError: (error) => observer.onLost(error),
		onComplete: () => observer.onEnd(),
		onConnectionStateChange({ state, error }) {
			if (state === 'pending') observer.onOpen();
			if (state === 'connecting' && error) observer.onLost(error);
		}
	});
	return () => subscription.unsubscribe();
}
